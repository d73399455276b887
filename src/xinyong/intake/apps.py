from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "xinyong.intake"
    label = "intake"
