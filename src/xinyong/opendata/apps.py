from django.apps import AppConfig


class OpenDataConfig(AppConfig):
    name = "xinyong.opendata"
    label = "opendata"
