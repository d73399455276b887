"""What the rule numbers of a record rest on, in words of the rules in force."""

from __future__ import annotations

from xinyong.publicity import inforce
from xinyong.publicity.rulebook import Rulebook

#: Ends that no row gives but the record itself.
_OWN_TAGS = {
    "named": ("报送部门写明的截止日期", "end date named by the provider"),
    "planned": ("列入决定载明的截止日期", "end named by the decision to list"),
    "left": ("移出日期", "day of removal"),
}


def describe(rule: str, language: str = "zh", book: Rulebook | None = None) -> str:
    """The sources behind rule numbers such as ``PUB-04+PUB-08``, each once; of the rules in force unless a book is given."""
    book = book or inforce.book()
    english = language == "en"
    sources = []
    for tag in rule.split("+"):
        if tag in _OWN_TAGS:
            sources.append(_OWN_TAGS[tag][english])
            continue
        row = book.row(tag) or next((item for item in book.regimes if item.regime == tag), None)
        if row is not None:
            sources.append(row.source_en if english else row.source)
    return ("; " if english else "；").join(dict.fromkeys(sources))
