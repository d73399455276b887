from django.apps import AppConfig


class RemediesConfig(AppConfig):
    name = "xinyong.remedies"
    label = "remedies"
