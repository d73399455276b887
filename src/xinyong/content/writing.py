"""From what an editor writes (Markdown) to HTML that is safe on every page. Pure.

HTML in the text is not taken, pictures are not taken (none of ours would be described, and others' would be a request to a
third party), headings begin at the second level and leave none out. A cleaner goes over the result: whatever the writer or
the library gets wrong, only the tags named here come through.
"""

from __future__ import annotations

import re
from functools import cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "a", "table", "thead", "tbody", "tr", "th",
    "td", "code", "pre", "hr", "br", "s",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "th": {"scope"}, "ol": {"start"}}
_FIRST, _DEEPEST = 2, 4


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")


def html(text: str, first: int = _FIRST) -> str:
    """Safe HTML of a text; its highest heading is of level ``first``."""
    parser = _parser()
    tokens = parser.parse(text.replace("\0", ""))
    _level(tokens, first)
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
    made = str(parser.renderer.render(tokens, parser.options, {}))
    return nh3.clean(
        made,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    ).strip()


def _level(tokens: list[Token], first: int) -> None:
    """Headings step down one level at a time, whatever the writer skipped."""
    before = first - 1
    written: list[tuple[int, int]] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        if token.type == "heading_open":
            wanted = int(token.tag[1:])
            while written and written[-1][0] >= wanted:
                written.pop()
            level = min((written[-1][1] if written else first - 1) + 1, max(first, _DEEPEST))
            level = min(level, before + 1)
            written.append((wanted, level))
            before = level
        token.tag = f"h{before}"


def plain(safe: str) -> str:
    """The words of safe HTML, for search, feeds and summaries."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", safe)).split())
