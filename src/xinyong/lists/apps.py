from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "xinyong.lists"
    label = "lists"

    def ready(self) -> None:
        from xinyong.desk import home
        from xinyong.ledger import corridor
        from xinyong.lists import effects, tasks

        home.more_tasks["lists"] = tasks.tasks
        corridor.register(effects.EFFECT)
