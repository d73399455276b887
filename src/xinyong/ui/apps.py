from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "xinyong.ui"
    label = "ui"
