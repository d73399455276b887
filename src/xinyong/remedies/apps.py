from django.apps import AppConfig


class RemediesConfig(AppConfig):
    name = "xinyong.remedies"
    label = "remedies"

    def ready(self) -> None:
        from xinyong.desk import home
        from xinyong.ledger import corridor
        from xinyong.remedies import desk, watch

        home.more_tasks["remedies"] = desk.tasks

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
