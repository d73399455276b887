from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "xinyong.commitments"
    label = "commitments"

    def ready(self) -> None:
        from xinyong.commitments import effects, letters, pages, repairs
        from xinyong.desk import home
        from xinyong.intake import commit
        from xinyong.ledger import corridor
        from xinyong.lists import joint_pages
        from xinyong.notices import documents

        corridor.register(effects.EFFECT)
        if repairs.judge not in commit.JUDGES:
            commit.JUDGES.append(repairs.judge)
        documents.ended[letters.TEMPLATE] = letters.ended_at
        home.more_tasks["commitments"] = pages.home_tasks
        joint_pages.more["commitments"] = pages.standing_lines
