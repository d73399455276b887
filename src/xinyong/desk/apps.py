from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "xinyong.desk"
    label = "desk"

    def ready(self) -> None:
        from xinyong.desk import effects
        from xinyong.ledger import corridor

        for effect in effects.EFFECTS:
            corridor.register(effect)
