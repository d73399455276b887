"""What the search page and the suggestions show: hits with why they matched, facets, offers of repaired codes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from xinyong.publicity import show
from xinyong.publicity.pages import Chip, FacetGroup, FacetValue, Marked, SearchHit, SearchOutcome
from xinyong.registry import selectors as registry
from xinyong.registry.search import words
from xinyong.registry.search.find import Facet
from xinyong.standards import names

#: Suggestions below the search field.
SUGGESTIONS = 8
#: Values of one facet that are listed.
_VALUES = 10
_TITLES = {"kind": ("主体类型", "Type"), "status": ("登记状态", "Status"), "place": ("登记地", "Place")}
_NAME_KINDS = ("former", "reported", "short", "english")


def search(query: str, page: int, language: str = "zh", chosen: Mapping[str, str] | None = None) -> SearchOutcome:
    """One page of results for ``query``, narrowed by ``chosen`` (kind, status, place)."""
    wanted = {field: value for field, value in (chosen or {}).items() if value}
    found = registry.search(query, page, chosen=wanted, facets=True)
    english = language == "en"
    diagnosis = found.diagnosis
    repaired, said = "", ""
    if diagnosis is not None and not found.matches:
        repaired = diagnosis.repaired or ""
        said = diagnosis.message_en if english else diagnosis.message_zh
    return SearchOutcome(
        query=query,
        hits=tuple(_hit(match, language) for match in found.matches),
        total=found.total,
        page=page,
        pages=max(1, math.ceil(found.total / registry.PAGE)),
        repaired_code=repaired,
        diagnosis=said,
        tried=_tried(query, found, english=english),
        capped=found.capped,
        offers=tuple(_hit(match, language) for match in found.offers),
        facets=_groups(query, found.facets, wanted, language),
        chosen=wanted,
    )


def hits(query: str, page: int, size: int, chosen: Mapping[str, str], language: str) -> tuple[SearchHit, ...]:
    """Hits ``size`` at a time, in the order of :func:`search`; for whoever wants the whole list."""
    wanted = {field: value for field, value in chosen.items() if value}
    found = registry.search(query, page, size, chosen=wanted)
    return tuple(_hit(match, language) for match in found.matches)


def suggest(query: str, language: str = "zh") -> tuple[SearchHit, ...]:
    """The best few entities for what is being typed; for a code with a slip, those it can be repaired into."""
    found = registry.search(query, 1, SUGGESTIONS)
    return tuple(_hit(match, language) for match in (found.matches or found.offers))


def _hit(match: registry.Match, language: str) -> SearchHit:
    entity = match.entity
    shown = entity.name or entity.credit_code or registry.address_key(entity)
    own = match.via == entity.name
    numbers = match.reason in ("code", "number")
    return SearchHit(
        name=_marked(shown, match.span if own else (-1, 0)),
        code=entity.credit_code or "",
        url=reverse("entity", args=[registry.address_key(entity)]),
        kind=show.kind_label(entity.kind, language),
        region=entity.place,
        status=show.status_label(entity, language),
        status_tone=show.status_tone(entity),
        other_name=None if own or numbers else _marked(match.via, match.span),
        why=_why(match, language, own=own),
    )


def _why(match: registry.Match, language: str, *, own: bool) -> tuple[Chip, ...]:
    """Chips: the kind of name where it is another one than the present, then the kind of agreement with what was corrected."""
    chips = []
    if not own and match.name_kind in _NAME_KINDS:
        chips.append(Chip(text=words.label(match.name_kind, language=language), tone=words.tone(match.name_kind)))
    if match.reason == "code" and match.wrote:
        said = "代码纠错" if language == "zh" else "Code corrected"
        chips.append(Chip(text=said, tone="amber"))
    elif match.reason != "name" or not chips:
        chips.append(
            Chip(text=words.label(match.reason, match.wrote, match.meant, language), tone=words.tone(match.reason))
        )
    return tuple(chips)


def _marked(name: str, span: tuple[int, int]) -> Marked:
    begin, length = span
    if begin < 0 or length <= 0:
        return Marked(before=name, hit="", after="")
    return Marked(before=name[:begin], hit=name[begin : begin + length], after=name[begin + length :])


def _tried(query: str, found: registry.Found, *, english: bool) -> tuple[str, ...]:
    key = names.matching_key(query)
    first = f"Code or number “{query.strip()}”" if english else f"代码或登记号码「{query.strip()}」"
    lines = [words.TRIED[code][1 if english else 0] for code in dict.fromkeys(found.tried)]
    if lines and key:
        lines[0] += f" “{key}”" if english else f"「{key}」"
    return (first, *lines)


def _address(query: str, chosen: Mapping[str, str]) -> str:
    return f"{reverse('search')}?{urlencode({'q': query, **chosen})}"


def _groups(query: str, facets: Sequence[Facet], chosen: Mapping[str, str], language: str) -> tuple[FacetGroup, ...]:
    groups = []
    for field, (zh, en) in _TITLES.items():
        values = [facet for facet in facets if facet.field == field]
        listed = values[:_VALUES] + [facet for facet in values[_VALUES:] if chosen.get(field) == facet.value]
        if len(values) < 2 and field not in chosen:
            continue
        groups.append(
            FacetGroup(
                title=en if language == "en" else zh,
                values=tuple(_facet(query, facet, chosen, language) for facet in listed),
            )
        )
    return tuple(groups)


def _facet(query: str, facet: Facet, chosen: Mapping[str, str], language: str) -> FacetValue:
    on = chosen.get(facet.field) == facet.value
    others = {field: value for field, value in chosen.items() if field != facet.field}
    label = facet.value
    if facet.field == "kind":
        label = show.kind_label(facet.value, language)
    elif facet.field == "status":
        label = show.status_words(facet.value, language)
    return FacetValue(
        label=label,
        count=facet.count,
        chosen=on,
        url=_address(query, others if on else {**others, facet.field: facet.value}),
    )
