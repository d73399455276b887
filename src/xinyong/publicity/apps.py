from django.apps import AppConfig


class PublicityConfig(AppConfig):
    name = "xinyong.publicity"
    label = "publicity"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.ledger import rules as ledger
        from xinyong.publicity import clocks, days, effects, work
        from xinyong.publicity.sheets import actions as sheets
        from xinyong.publicity.sheets import known

        known.register()
        days.turned["sheets"] = sheets.turned

        # First: the rules in force are stored before the first window is computed by them.
        corridor.register(
            corridor.Effect(name=work.NAME, catch_up=work.catch_up, rebuild=work.rebuild, keeps_position=False)
        )
        corridor.register(corridor.Effect(name=effects.NAME, catch_up=effects.catch_up, rebuild=effects.rebuild))
        ledger.guards["publicity"] = clocks.guard
