from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "xinyong.verification"
    label = "verification"

    def ready(self) -> None:
        from xinyong.accounts import client_items
        from xinyong.ledger import corridor
        from xinyong.verification import effects, journal_import, rules

        client_items.register(self.label, rules.names)

        corridor.register(
            corridor.Effect(
                name=journal_import.NAME,
                catch_up=journal_import.take_in,
                rebuild=journal_import.take_in,
                keeps_position=False,
            )
        )
        corridor.register(
            corridor.Effect(
                name=effects.NAME,
                catch_up=effects.catch_up,
                rebuild=effects.rebuild_existing,
                keeps_position=False,
                after=("publicity",),
                every=0.2,
            )
        )
