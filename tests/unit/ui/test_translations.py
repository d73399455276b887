"""Every Chinese text of the faces has its English one, with the same placeholders."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import xinyong
from xinyong.ui import translations

PACKAGE = Path(xinyong.__file__).parent
_CALL = re.compile(r"gettext\((u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))")
_PLACEHOLDER = re.compile(r"%\(\w+\)s")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NAMES = {"_", "gettext", "gettext_lazy"}


def message_ids() -> dict[str, str]:
    """Message id to the file it was seen in."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        for literal in _CALL.findall(templatize(path.read_text("utf-8"), origin=str(path))):
            found[ast.literal_eval(literal)] = path.name
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found[text.value] = path.name
    return found


def english() -> dict[str, str]:
    with (translations.LOCALE / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return {str(item.id): str(item.string) for item in read_po(file, locale="en") if item.id}


def test_every_message_is_translated() -> None:
    known = english()
    assert {text: file for text, file in message_ids().items() if not known.get(text)} == {}


def test_no_translation_is_left_over() -> None:
    assert sorted(set(english()) - set(message_ids())) == []


def test_placeholders_agree_and_no_chinese_remains() -> None:
    for source, target in english().items():
        assert sorted(_PLACEHOLDER.findall(source)) == sorted(_PLACEHOLDER.findall(target)), source
        assert not _HAN.search(target), source


def test_templates_hold_no_chinese_outside_messages() -> None:
    """A Chinese word outside ``translate`` would stand on English pages."""
    block = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        assert not _HAN.search(block.sub("", path.read_text("utf-8"))), path


def test_compiled_catalogue_is_written() -> None:
    written = translations.compile()
    assert [path.name for path in written] == ["django.mo"]
    assert all(path.stat().st_size > 1000 for path in written)
