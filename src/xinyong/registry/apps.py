from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "xinyong.registry"
    label = "registry"
