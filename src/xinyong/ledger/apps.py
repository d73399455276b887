from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinyong.ledger"
    label = "ledger"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.ledger.log import effect, state
        from xinyong.registry.search import index

        corridor.register(corridor.Effect(name=state.NAME, catch_up=effect.catch_up, rebuild=effect.rebuild))
        # The registry lies below the corridor, so the corridor's room registers its effect.
        # Names also come from what the effect "registry" reads of links and changes.
        corridor.register(
            corridor.Effect(name=index.NAME, catch_up=index.catch_up, rebuild=index.rebuild, after=("registry",))
        )
