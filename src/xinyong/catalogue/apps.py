from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "xinyong.catalogue"
    label = "catalogue"
