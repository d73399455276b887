"""Every message can be filled, in both languages, and is used."""

from __future__ import annotations

import re
from pathlib import Path

import xinyong.intake.checks as package
from xinyong.catalogue.entry import RuleKind
from xinyong.intake.checks.messages import MESSAGES, RULE_REASONS


def test_every_message_speaks_both_languages() -> None:
    for code, message in MESSAGES.items():
        assert re.search("[\u4e00-\u9fff]", message.zh) or "{reason}" in message.zh, code
        assert not re.search("[\u4e00-\u9fff]", message.en), code
        assert bool(message.advice_zh) == bool(message.advice_en), code


def test_every_rule_kind_has_default_words() -> None:
    assert set(RULE_REASONS) == {kind.value for kind in RuleKind}


def test_every_message_is_used() -> None:
    folder = Path(package.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "messages.py")
    assert [code for code in MESSAGES if f'"{code}"' not in source] == []
