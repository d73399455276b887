from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinyong.ledger"
    label = "ledger"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.ledger.log import effect

        corridor.register(corridor.Effect(name=effect.NAME, catch_up=effect.catch_up, rebuild=effect.rebuild))
