from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "xinyong.intake"
    label = "intake"

    def ready(self) -> None:
        """Copies that come back are judged in every commit."""
        from xinyong.intake import backflow, commit

        if backflow.judge not in commit.JUDGES:
            commit.JUDGES.append(backflow.judge)
