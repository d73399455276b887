from django.apps import AppConfig


class SharesConfig(AppConfig):
    name = "xinyong.shares"
    label = "shares"
