from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "xinyong.site"
    label = "site"
