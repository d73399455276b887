from django.apps import AppConfig


class CentreConfig(AppConfig):
    name = "xinyong.centre"
    label = "centre"
