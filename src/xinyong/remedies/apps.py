from django.apps import AppConfig


class RemediesConfig(AppConfig):
    name = "xinyong.remedies"
    label = "remedies"

    def ready(self) -> None:
        from xinyong.desk import home
        from xinyong.ledger import corridor
        from xinyong.publicity.retention import actions as retention
        from xinyong.publicity.sheets import actions as sheets
        from xinyong.publicity.sheets.rows import SHEETS
        from xinyong.remedies import desk, kept, reckoned, watch

        for code, ask in (("timers", reckoned.limits), ("repair", reckoned.applications), ("calendar", reckoned.moved)):
            SHEETS[code].comparisons["remedies"] = ask
        sheets.taken["remedies"] = reckoned.again

        home.more_tasks["remedies"] = desk.tasks
        retention.targets.update(kept.TARGETS)
        retention.needs["remedies"] = kept.needed

        watch.channels.update({"site": watch.on_site, "opendata": watch.in_open_data})
        corridor.register(
            corridor.Effect(
                name=watch.NAME,
                catch_up=watch.catch_up,
                rebuild=watch.rebuild,
                keeps_position=False,
                after=("publicity",),
            )
        )
