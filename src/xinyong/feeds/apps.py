from django.apps import AppConfig


class FeedsConfig(AppConfig):
    name = "xinyong.feeds"
    label = "feeds"

    def ready(self) -> None:
        from xinyong.feeds import effects
        from xinyong.ledger import corridor

        corridor.register(
            corridor.Effect(
                name=effects.NAME, catch_up=effects.catch_up, rebuild=effects.catch_up, keeps_position=False,
                after=("publicity", "lists"),
            )
        )  # fmt: skip
