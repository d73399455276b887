from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinyong.ledger"
    label = "ledger"
