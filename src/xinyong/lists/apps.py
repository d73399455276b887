from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "xinyong.lists"
    label = "lists"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.lists import effects

        corridor.register(effects.EFFECT)
