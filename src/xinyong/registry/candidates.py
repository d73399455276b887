"""Who may be meant by a written name: ranked candidates with reasons in words, for a person to decide.

The closed world rules: a name that is exactly one entity's registered name, but for the way it is written (width,
brackets, spaces, traditional characters), means that entity. Everything else, however near, is a candidate and never
more: two registered companies often differ in one character.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinyong.registry.models import Identifier, Name
from xinyong.registry.search import anatomy, words
from xinyong.registry.search.explain import Kind
from xinyong.registry.search.find import Hit, Lookup
from xinyong.standards import credit_code
from xinyong.standards.credit_code_repair import repairs


class Tier(StrEnum):
    """How sure a candidate is. Only ``CERTAIN`` may be linked without a person, and only when it stands alone."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One reason, as the official reads it. ``against``: it speaks against the candidate."""

    code: str
    zh: str
    en: str
    against: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entity that may be meant. ``automatic``: the written name is this entity's alone, but for its spelling.

    ``name`` is the name that matched, of kind ``name_kind``; ``present_name`` what the entity is called today.
    """

    entity_id: int
    name: str
    name_kind: str
    present_name: str
    credit_code: str | None
    kind: str
    status: str
    place: str
    tier: Tier
    automatic: bool
    grounds: tuple[Ground, ...]


_NAME_GROUNDS: Final = {
    Kind.NAME: ("书写形式一致（仅全半角、括号、空格或繁简不同）", "The same name, but for width, brackets, spaces or traditional characters"),
    Kind.FORM: ("除组织形式外一致", "The same but for the legal form"),
    Kind.SHORT: ("去掉地名和组织形式后一致", "The same short form, without region and legal form"),
    Kind.PREFIX: ("所写文字是该名称的开头", "The name begins with what was written"),
    Kind.PART: ("该名称包含所写文字", "The name contains what was written"),
    Kind.PLACE: ("去掉地名后一致，但地名不同（{change}）", "The same but for the place ({change})"),
    Kind.PINYIN: ("拼音一致或相近", "The same or nearly the same pinyin"),
    Kind.INITIALS: ("拼音首字母一致", "The same initials"),
    Kind.SOUND: ("读音相近（{change}）", "Sounds alike ({change})"),
    Kind.SHAPE: ("字形相近（{change}）", "Looks alike ({change})"),
    Kind.TYPO: ("仅一字不同（{change}）", "One character differs ({change})"),
    Kind.MISSING: ("所写少一字（{change}）", "One character is missing ({change})"),
    Kind.EXTRA: ("所写多一字（{change}）", "One character too many ({change})"),
    Kind.SWAP: ("相邻两字写反（{change}）", "Two neighbouring characters swapped ({change})"),
    Kind.WORDS: ("多数文字相同", "Most characters are the same"),
}  # fmt: skip
_KIND_GROUNDS: Final = {
    "former": ("这是该主体的曾用名", "It is a former name of the entity"),
    "reported": ("这是部门曾报送的名称，不是登记名称", "A department reported it; it is not a registered name"),
    "short": ("这是登记的简称", "It is a recorded short name"),
    "english": ("这是登记的英文名称", "It is a recorded English name"),
}
_LIKELY: Final = frozenset({Kind.NAME, Kind.FORM, Kind.SHORT})
_REGISTERED: Final = "registered"


def candidates(name: str, *, code: str | None = None, place: str | None = None, k: int = 20) -> tuple[Candidate, ...]:
    """The ``k`` likeliest entities for a written name, best first.

    ``code``: the code written beside it, right or wrong; a valid code of another entity contradicts a candidate.
    ``place``: a region in words. At most one candidate is ``automatic``: its registered name is the written one but for
    spelling, no other entity bears or bore that name, and no valid code speaks against it.
    """
    lookup = Lookup(name)
    written = credit_code.normalise(code).text if code else ""
    hits = _gathered(lookup, k) if lookup.key else []
    holder = _holder(written)
    hits += _held(lookup, holder, hits)
    slips = {repair.code for repair in repairs(written)} if written and not holder else set()
    same_name = [hit for hit in hits if hit.reason.kind is Kind.NAME]
    found = []
    for hit in hits:
        grounds = [_name_ground(hit)]
        if hit.kind in _KIND_GROUNDS:
            grounds.append(Ground(code=hit.kind, zh=_KIND_GROUNDS[hit.kind][0], en=_KIND_GROUNDS[hit.kind][1]))
        grounds += _code_grounds(hit, written, holder, slips)
        grounds += _place_grounds(hit, place)
        contradicted = any(ground.against and ground.code == "code" for ground in grounds)
        alone = hit.reason.kind is Kind.NAME and hit.kind == _REGISTERED and len(same_name) == 1
        if hit.reason.kind is Kind.NAME and len(same_name) > 1:
            grounds.append(
                Ground(
                    code="namesakes",
                    zh=f"同名主体 {len(same_name)} 个",
                    en=f"{len(same_name)} entities bear it",
                    against=True,
                )
            )
        found.append(
            Candidate(
                entity_id=hit.entity_id,
                name=hit.name,
                name_kind=hit.kind,
                present_name=hit.present_name,
                credit_code=hit.code,
                kind=hit.entity_kind,
                status=hit.status,
                place=hit.place,
                tier=_tier(hit, grounds, alone=alone, contradicted=contradicted),
                automatic=alone and not contradicted,
                grounds=tuple(grounds),
            )
        )
    rank = {tier: place_ for place_, tier in enumerate(Tier)}
    return tuple(sorted(found, key=lambda item: rank[item.tier])[:k])


def _gathered(lookup: Lookup, k: int) -> list[Hit]:
    lookup.exact()
    if lookup.letters:
        lookup.pinyin()
    part = lookup.part(k * 4)
    lookup.take(part[0] if part else [])
    lookup.shorts()
    lookup.slips()
    lookup.heard()
    lookup.seen()
    # One more than asked for, so that a second bearer of the same name is never cut off.
    return lookup.ranked(max(k, 2))


def _held(lookup: Lookup, holder: int | None, hits: list[Hit]) -> list[Hit]:
    """The entity the written code leads to, where its name did not bring it: it is a candidate whatever it is called."""
    if holder is None or any(hit.entity_id == holder for hit in hits):
        return []
    name = Name.objects.filter(entity_id=holder).order_by("until", "-pk").first()
    if name is None:
        return []
    part = anatomy.dissect(name.name_key)
    lookup.take([(name.pk, part.body, part.short)])
    return lookup.ranked(1, [name.pk])


def _holder(code: str) -> int | None:
    """The entity a written code leads to, under the entry that speaks for it."""
    if not code:
        return None
    found = Identifier.objects.select_related("entity").filter(value=code).first()
    return (found.entity.canonical_id or found.entity_id) if found else None


def _name_ground(hit: Hit) -> Ground:
    code = words.code_of(hit.reason)
    zh, en = _NAME_GROUNDS[hit.reason.kind]
    wrote, meant = hit.reason.wrote, hit.reason.meant
    return Ground(
        code=code,
        zh=zh.format(change=words.correction(code, wrote, meant)),
        en=en.format(change=words.correction(code, wrote, meant, "en")),
    )


def _code_grounds(hit: Hit, written: str, holder: int | None, slips: set[str]) -> list[Ground]:
    """What the written code says: the same, one slip away, or a valid code that is another's. 代码是否相符。"""
    if not written:
        return []
    if holder is not None and holder == hit.entity_id:
        return [Ground(code="code", zh="代码一致", en="The code is the same")]
    if hit.code and hit.code in slips:
        return [
            Ground(code="code-slip", zh="所写代码与其代码仅一处之差", en="The written code is one slip from its code")
        ]
    if credit_code.is_valid(written) and hit.code and hit.code != written:
        return [
            Ground(
                code="code",
                zh="所写代码有效，但不是该主体的代码",
                en="The written code is valid and not its own",
                against=True,
            )
        ]
    return []


def _place_grounds(hit: Hit, place: str | None) -> list[Ground]:
    """Whether the place that came with the row is the one of the name or of the registration. 地区是否相符。"""
    bare = anatomy.bare_region(place) if place else ""
    if not bare:
        return []
    known = hit.place + hit.name
    if bare in known:
        return [Ground(code="place", zh=f"地区相符（{bare}）", en=f"The place agrees ({bare})")]
    if hit.place:
        return [
            Ground(
                code="place",
                zh=f"地区不同（{bare} / {hit.place}）",
                en=f"Another place ({bare} / {hit.place})",
                against=True,
            )
        ]
    return []


def _tier(hit: Hit, grounds: list[Ground], *, alone: bool, contradicted: bool) -> Tier:
    if contradicted:
        return Tier.CONTRADICTED
    if any(ground.code == "code" for ground in grounds):
        return Tier.CERTAIN if hit.reason.kind is not Kind.WORDS else Tier.LIKELY
    if alone:
        return Tier.CERTAIN
    against = any(ground.against and ground.code == "place" for ground in grounds)
    near = hit.reason.kind in _LIKELY or (hit.reason.distance <= 1 and hit.reason.kind is not Kind.WORDS)
    return Tier.LIKELY if near and not against else Tier.POSSIBLE
