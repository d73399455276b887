from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "xinyong.registry"
    label = "registry"
    #: Built beside the old ones and swapped by the effect ``search``; they belong to the application's role.
    derived_tables = ("registry_search", "registry_search_gram", "registry_search_state")
