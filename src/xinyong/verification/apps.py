from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "xinyong.verification"
    label = "verification"

    def ready(self) -> None:
        from xinyong.accounts import client_items
        from xinyong.ledger import corridor
        from xinyong.verification import effects, rules

        client_items.register(self.label, rules.names)

        corridor.register(
            corridor.Effect(
                name=effects.NAME,
                catch_up=effects.catch_up,
                rebuild=effects.rebuild_existing,
                keeps_position=False,
                after=("publicity",),
            )
        )
