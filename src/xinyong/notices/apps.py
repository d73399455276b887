from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "xinyong.notices"
    label = "notices"

    def ready(self) -> None:
        from xinyong.ledger import corridor
        from xinyong.notices import cases, documents, kept, records
        from xinyong.publicity import days
        from xinyong.publicity.retention import actions as retention
        from xinyong.remedies import told
        from xinyong.reports import others

        corridor.register(corridor.Effect(name=records.NAME, catch_up=records.catch_up, rebuild=records.rebuild))
        retention.targets["subscription-address"] = kept.TARGET
        days.turned["notices"] = records.tell_ended
        told.listeners["notices"] = cases.listen
        others.finders["notices"] = documents.find
