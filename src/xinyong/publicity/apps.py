from django.apps import AppConfig


class PublicityConfig(AppConfig):
    name = "xinyong.publicity"
    label = "publicity"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.ledger import rules as ledger
        from xinyong.publicity import clocks, effects

        corridor.register(corridor.Effect(name=effects.NAME, catch_up=effects.catch_up, rebuild=effects.rebuild))
        ledger.guards["publicity"] = clocks.guard
