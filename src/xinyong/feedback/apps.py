from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "xinyong.feedback"
    label = "feedback"
