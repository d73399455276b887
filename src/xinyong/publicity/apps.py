from django.apps import AppConfig


class PublicityConfig(AppConfig):
    name = "xinyong.publicity"
    label = "publicity"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.publicity import effects

        corridor.register(corridor.Effect(name=effects.NAME, catch_up=effects.catch_up, rebuild=effects.rebuild))
