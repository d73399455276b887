from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinyong.ledger"
    label = "ledger"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.ledger.log import effect, state

        corridor.register(corridor.Effect(name=state.NAME, catch_up=effect.catch_up, rebuild=effect.rebuild))
