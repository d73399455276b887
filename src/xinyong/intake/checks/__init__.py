"""Row checks: a dataset entry compiled into column checks. No rule of any dataset is written here.

``choose_layout`` recognises the layout by the header, ``compile_entry`` makes the checks, ``Checker.check`` turns a
batch of text rows into typed accepted rows and findings. Every row of a batch is in one of the two, exactly once.
"""

from xinyong.intake.checks.checker import Checker, compile_entry
from xinyong.intake.checks.layout import LayoutMatch, choose_layout
from xinyong.intake.checks.values import (
    ACCEPTED_SCHEMA,
    CheckContext,
    Checked,
    ColumnsSwapped,
    DeliveryNote,
    HeaderWrong,
)

__all__ = [
    "ACCEPTED_SCHEMA",
    "CheckContext",
    "Checked",
    "Checker",
    "ColumnsSwapped",
    "DeliveryNote",
    "HeaderWrong",
    "LayoutMatch",
    "choose_layout",
    "compile_entry",
]
