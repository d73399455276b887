"""What an editor writes becomes safe HTML, whatever is in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.content import rules, writing

HOSTILE = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    '<img src="https://elsewhere.example/x.png">',
    "![x](https://elsewhere.example/x.png)",
    "<style>*{display:none}</style>",
    '<a href="x" onclick="alert(1)">x</a>',
    "<iframe src=//elsewhere.example></iframe>",
    "<form action=/console/content><button>x</button></form>",
    "[x](  JaVaScRiPt:alert(1)  )",
    "&lt;script&gt;",
    "<svg onload=alert(1)>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_or_asks_others_comes_through(text: str) -> None:
    _safe(writing.html(text))


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "# a", "### b", "###### c", "- x", "> y", "\n", "`z`", "|a|b|\n|-|-|\n|1|2|", "甲"])
    )
)
def test_nor_any_mixture_of_it(parts: list[str]) -> None:
    for joint in ("\n", "\n\n", ""):
        made = writing.html(joint.join(parts))
        _safe(made)
        levels = [int(level) for level in re.findall(r"<h([1-6])>", made)]
        assert all(2 <= level <= 4 for level in levels)
        assert all(after <= before + 1 for before, after in zip([1, *levels], levels, strict=False))


def _safe(made: str) -> None:
    for tag in re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", made):
        assert tag in writing._TAGS, made
    for attributes in re.findall(r"<[a-z0-9]+([^>]*)>", made):
        assert not re.search(r"\b(on\w+|style|src)\s*=", attributes), made
    for address in re.findall(r'href="([^"]*)"', made):
        assert not re.match(r"\s*(javascript|data|vbscript):", address, re.IGNORECASE), made


def test_what_is_meant_comes_through() -> None:
    made = writing.html("# 标题\n\n段落 **粗** [链接](https://example.org)\n\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |")
    assert "<h2>标题</h2>" in made and "<strong>粗</strong>" in made and '<th scope="col">甲</th>' in made
    assert 'href="https://example.org"' in made and 'rel="noopener noreferrer"' in made
    assert writing.plain(made).startswith("标题 段落 粗 链接")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("咨询电话 0371-65507777，工作日 9:00—17:00", False),
        ("统一社会信用代码 91410100MA9D8EM07X", False),
        ("联系人手机 13800138000", True),
        ("身份证号 11010119900307123X", True),
    ],
)
def test_numbers_of_persons_are_refused(text: str, refused: bool) -> None:
    found = rules.refusal_of_text("body", ("正文", "the text"), text, 1000)
    assert (found is not None) is refused
    if found is not None:
        assert "13800138000" not in found.zh and "11010119900307123X" not in found.zh


@pytest.mark.parametrize(
    ("name", "data", "refused"),
    [
        ("a.pdf", b"%PDF-1.7", False),
        ("a.docx", b"PK\x03\x04", False),
        ("a.pdf", b"PK\x03\x04", True),
        ("a.html", b"<p>", True),
        ("a", b"x", True),
        ("a.pdf", b"%PDF-" + b"x" * rules.FILE, True),
    ],
)
def test_originals(name: str, data: bytes, refused: bool) -> None:
    assert (rules.refusal_of_file(name, data) is not None) is refused
