"""Finding entities by name: bounded look-ups in the index, then one comparison of each candidate with what was typed.

Look-ups go from sure to weak and stop when there is enough: the name itself, what contains it, the short form, the
pinyin, then one slip. Each costs no more than a fixed number of index entries, whatever the register's size; a text so
common that it would cost more is answered by the names that begin with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from xinyong.registry.search import anatomy, shape, sound, terms
from xinyong.registry.search.explain import Kind, Reason, explain, explain_letters, mixture_fits
from xinyong.runtime import sql
from xinyong.standards import names

#: Index entries one conjunction may read.
_BUDGET: Final = 20_000
#: Names all conjunctions for one slip may read together, about, and how many they may be.
_SLIP_BUDGET: Final = 2_000
_SLIP_BRANCHES: Final = 14
#: Ways to read pinyin that are tried where the first ones find nothing.
_MORE_WAYS: Final = 48
#: So many terms are weighed when the names found are put in order.
_WEIGHED: Final = 6
#: Rows one look-up brings, and candidates that are compared in full.
LIMIT: Final = 400
COMPARED: Final = 60
#: So many hits without correction make looking for corrections pointless.
ENOUGH: Final = 20
#: A list is counted and paged up to here.
MOST: Final = 10_000
#: A list up to this length can be narrowed.
FACETED: Final = 1_000
#: So many names that begin with a very common text are listed.
COMMON: Final = 400

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entity found by one of its names. ``kind``: of the name (registered, former, reported, short, english)."""

    entity_id: int
    bearer_id: int
    name_id: int
    name: str
    kind: str
    present_name: str
    code: str | None
    entity_kind: str
    status: str
    place: str
    reason: Reason


#: What a list can be narrowed by.
FACETS: Final = ("kind", "status", "place")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A value of ``field`` (kind, status, place), and how many entities the list has with it."""

    field: str
    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``total`` counts every entity the list holds; ``capped``: there are more than are listed. ``tried``: look-ups made.

    ``facets`` are counted over the list before it was narrowed by each field itself, so a count is what choosing the
    value gives; empty for lists longer than :data:`FACETED`.
    """

    hits: tuple[Hit, ...]
    total: int
    capped: bool
    tried: tuple[str, ...]
    facets: tuple[Facet, ...] = ()


def array(numbers: Iterable[int]) -> str:
    """Numbers as the text of an array: a list of parameters would be adapted number by number."""
    return f"{{{','.join(map(str, numbers))}}}"


def fetch(name: str, **parameters: Any) -> list[Row]:
    """Rows of a named statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("registry", name), parameters)
        return list(cursor.fetchall())


class Lookup:
    """The look-ups of one search: what was typed, taken apart once, and the candidates gathered so far."""

    def __init__(self, text: str) -> None:
        self.key = names.matching_key(text)
        self.query = anatomy.dissect(self.key) if self.key else anatomy.Anatomy("", "", 0)
        self.letters = _letters(self.key)
        self.parted = sound.parted(text) if self.letters else ()
        self.spoken = self.letters
        self.found: dict[int, tuple[str, str]] = {}
        self.tried: list[str] = []
        self._counts: dict[int, int] = {}
        self._asked: set[int] = set()

    # --- gathering ---------------------------------------------------------------------------------------------

    def take(self, rows: Iterable[Row]) -> int:
        """Remember candidates. Returns how many were new."""
        before = len(self.found)
        for row in rows:
            self.found.setdefault(row[0], (row[1], row[2]))
        return len(self.found) - before

    def counts(self, wanted: Iterable[int]) -> dict[int, int]:
        """How many names have each term."""
        new = set(wanted) - self._asked
        if new:
            self._asked |= new
            self._counts.update(fetch("search_terms", terms=array(new)))
        return self._counts

    def variants(self) -> list[str]:
        """The texts to look for: the body, then without one region after another, then without what is in brackets."""
        query = self.query
        texts = [query.body]
        rest = query.body
        for cut in _cuts(query.body, query.cut):
            texts.append(rest[cut:])
        if loose := anatomy.bare_county_length(query.short):
            texts.append(query.short[loose:])
        if query.plain:
            texts += [query.plain, query.plain[anatomy.region_length(query.plain) :]]
        for misspelt in anatomy.misspelt_forms(self.key):
            texts += [misspelt, misspelt[anatomy.region_length(misspelt) :]]
        return [text for text in dict.fromkeys(texts) if len(text) >= 2]

    def answered(self) -> bool:
        """Whether a name found has the text whole, as its body or short form, in a place that does not differ."""
        query = self.query
        place = anatomy.bare_region(query.body[: query.cut])
        loose = anatomy.bare_county_length(query.short)
        # A word of the trade that is left when the place is cut off (山东|实业) answers nothing.
        texts = {text: place for text in self.variants() if text == query.body or len(text) > 2}
        if loose:
            texts[query.short[loose:]] = query.short[:loose]
        return any(
            text in texts and texts[text] in body for body, short in self.found.values() for text in (body, short)
        )

    def nearly_answered(self) -> bool:
        """Whether a name found is as a whole one slip from the text."""
        body, short = self.query.body, self.query.short
        return any(
            OSA.distance(body, other, score_cutoff=1) <= 1 or OSA.distance(short, brief, score_cutoff=1) <= 1
            for other, brief in self.found.values()
        )

    # --- look-ups ----------------------------------------------------------------------------------------------

    def exact(self) -> None:
        """The name itself."""
        self.tried.append("name")
        for name_id, key, _ in fetch("search_exact", key=self.key, limit=LIMIT):
            part = anatomy.dissect(key)
            self.take([(name_id, part.body, part.short)])

    def shorts(self) -> None:
        """The same short form, the same place first."""
        self.tried.append("short")
        self.take(fetch("search_short", shorts=self.variants(), place=self._place(), limit=LIMIT))

    def _place(self) -> str:
        """What the text says of the place, to put names there first."""
        query = self.query
        loose = anatomy.bare_county_length(query.short)
        return query.short[:loose] if loose else anatomy.bare_region(query.body[: query.cut])

    def part(self, limit: int, offset: int = 0) -> tuple[list[Row], int] | None:
        """Names with the text as it is, and how many; None when the text is too common or too short to be looked up."""
        text = self.query.body
        pairs = terms.pairs(text)
        if not pairs:
            return None
        self.tried.append("part")
        wanted = terms.whole(pairs, self.counts(pair.term for pair in pairs))
        if wanted is None or any(not self._counts.get(pair.term) for pair in pairs):
            return [], 0
        if wanted.cost > _BUDGET:
            return None
        rows = fetch("search_part", text=text, terms=array(wanted.terms), limit=limit, offset=offset)
        return [row[:3] for row in rows], int(rows[0][3]) if rows else 0

    def begin(self, limit: int) -> list[Row]:
        """Names whose short form begins with the text; where there are none, the first that have it anywhere."""
        self.tried.append("begin")
        text = self.query.body
        rows = fetch("search_begin", text=text, after=text + "\U0010ffff", limit=limit)
        if not rows:
            escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            rows = fetch("search_scan", text=escaped, limit=min(limit, LIMIT))
        return rows

    def slips(self) -> None:
        """Names one slip away."""
        self.tried.append("slip")
        texts = self.variants()
        # A short form with such a slip is looked up as it should stand: its pairs may be in more names than one look-up brings.
        meant = dict.fromkeys(other for text in (self.query.short, *texts) for other in terms.mended(text))
        self.take(fetch("search_short", shorts=list(meant), place=self._place(), limit=LIMIT))
        paired = [(text, terms.pairs(text)) for text in texts]
        self.counts(pair.term for _, pairs in paired for pair in pairs)
        for text, pairs in paired:
            found = terms.slipped(pairs, len(text), self._counts)
            exact = terms.whole(pairs, self._counts)
            self._gather([exact, *found] if exact else found, len(text))

    def heard(self) -> None:
        """Names that sound like what was typed."""
        self.tried.append("sound")
        query = self.query
        for text in dict.fromkeys((query.short, query.body)):
            parts = sound.syllables(text)
            if all(parts) and len(parts) >= 2:
                typed = sound.joined(parts)
                self.take(fetch("search_sounds", text=typed, after=typed + "~", limit=LIMIT // 2))
                self._syllables([parts])

    def seen(self) -> None:
        """Names that look like a short text typed: each character in turn replaced by those that look like it."""
        text = self.query.short
        if not 2 <= len(text) <= 3:
            return
        self.tried.append("shape")
        others = [text[:i] + other + text[i + 1 :] for i, char in enumerate(text) for other in shape.lookalikes(char)]
        self.take(fetch("search_short", shorts=others, place="", limit=LIMIT // 2))
        paired = [terms.pairs(other) for other in others]
        counts = self.counts(pair.term for pairs in paired for pair in pairs)
        self._gather(
            [
                item
                for pairs in paired
                if (item := terms.whole(pairs, counts)) and all(counts.get(p.term) for p in pairs)
            ],
            len(text),
        )

    def pinyin(self) -> None:
        """Names whose pinyin was typed, in full or as initials."""
        letters = sound.without_legal_form(self.letters)
        self.tried.append("pinyin")
        if len(letters) >= 2:
            self.take(fetch("search_brief", text=letters, after=letters + "~", limit=LIMIT))
        if len(letters) >= 4:
            self.take(fetch("search_initials", text=letters, after=letters + "~", limit=LIMIT))
        ways = [self.parted] if sound.joined(self.parted) == letters and letters else sound.segment(letters)
        if ways:
            self.take(fetch("search_sounds", text=letters, after=letters + "~", limit=LIMIT))
            self._syllables(ways, _BUDGET)
        if not self.found and len(ways) == sound.SEGMENTATIONS:
            # Each place that can be read in two ways (zhuan, zhu'an) doubles them: a long name has several.
            self._syllables(sound.segment(letters, _MORE_WAYS)[len(ways) :], _BUDGET)
        if ways and not self.found:
            self._slipped_syllables(ways[0])

    def mixed(self) -> None:
        """Chinese characters and letters in one query: 宏da商贸, 华盛sm."""
        self.tried.append("mixed")
        ways: list[list[str]] = [[]]
        for letters, text in _pieces(self.key):
            if letters:
                read = sound.segment(letters.lower()) or [("",) * len(letters)]
                ways = [[*way, *more] for way in ways for more in read][:8]
            else:
                ways = [[*way, *sound.syllables(text)] for way in ways]
        said = list(dict.fromkeys(sound.joined(way) for way in ways if all(way)))
        self.spoken = said[0] if said else ""
        for typed in said:
            rows = fetch("search_sounds", text=typed, after=typed + "~", limit=FACETED)
            self.take(row for row in rows if mixture_fits(self.key, row[1], row[2]))
        if len(self.found) >= ENOUGH:
            return
        self._syllables(ways)
        for _, text in _pieces(self.key):
            if len(text) >= 2:
                pairs = terms.pairs(text)
                exact = terms.whole(pairs, self.counts(pair.term for pair in pairs))
                self._gather([exact] if exact else [], len(self.key))
                self.take(fetch("search_begin", text=text, after=text + "\U0010ffff", limit=LIMIT))

    def _syllables(self, ways: Sequence[Sequence[str]], budget: int = _SLIP_BUDGET) -> None:
        """Names that are said in one of these ways."""
        paired = [_syllable_pairs(way) for way in ways]
        counts = self.counts(pair.term for pairs in paired for pair in pairs)
        wanted = [
            item
            for pairs in paired
            if all(counts.get(pair.term) for pair in pairs) and (item := terms.whole(pairs, counts))
        ]
        # Ways come the likeliest first: many that nobody would say are cheap, as hardly a name has them.
        self._gather(wanted, max(map(len, ways), default=0), budget, ranked=True)

    def _slipped_syllables(self, way: Sequence[str]) -> None:
        """Names that are said so but for one slip."""
        if len(way) >= 4:
            pairs = _syllable_pairs(way)
            self._gather(terms.slipped(pairs, len(way), self.counts(pair.term for pair in pairs)), len(way))

    def _gather(
        self, wanted: Sequence[terms.Conjunction], size: int, budget: int = _SLIP_BUDGET, *, ranked: bool = False
    ) -> None:
        """Run conjunctions, the cheapest first or ``ranked`` already, as far as the budget goes; names of like length first."""
        chosen: list[terms.Conjunction] = []
        spent = 0
        order = dict.fromkeys(wanted) if ranked else sorted(set(wanted), key=lambda item: (item.work, item.terms))
        for item in order:
            if len(chosen) == _SLIP_BRANCHES:
                break
            if item.cost > _BUDGET or spent + item.work > budget:
                continue
            spent += item.work
            chosen.append(item)
        if not chosen:
            return
        where = " OR ".join("grams @> %s::integer[]" for _ in chosen)
        # What shares more of the rare terms comes first, or names that share only the common ones would crowd it out.
        rare = sorted(
            {term for item in wanted for term in item.terms}, key=lambda term: (self._counts.get(term, 0), term)
        )[:_WEIGHED]
        shared = " + ".join("(grams @> %s::integer[])::integer" for _ in rare)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT name_id, body, short FROM registry_search WHERE {where}"  # noqa: S608  (placeholders only)
                f" ORDER BY {shared} DESC, least(abs(char_length(short) - %s), abs(char_length(body) - %s)), name_id LIMIT %s",
                [*(array(item.terms) for item in chosen), *(array([term]) for term in rare), size, size, LIMIT],
            )
            self.take(cursor.fetchall())

    # --- answering ---------------------------------------------------------------------------------------------

    def ranked(self, limit: int, among: Sequence[int] | None = None) -> list[Hit]:
        """The best candidates, compared in full, one hit an entity."""
        chosen = list(self.found) if among is None else list(among)
        if len(chosen) > COMPARED:
            chosen = self._preselected(chosen)
        found: dict[int, tuple[Any, Hit]] = {}
        for row in fetch("search_details", names=array(chosen)):
            hit = self._hit(row)
            rank = order(hit, self.key)
            if hit.entity_id not in found or rank < found[hit.entity_id][0]:
                found[hit.entity_id] = (rank, hit)
        return [hit for _, hit in sorted(found.values(), key=lambda item: item[0])][:limit]

    def _preselected(self, chosen: list[int]) -> list[int]:
        bodies, shorts = (list(texts) for texts in zip(*(self.found[name_id] for name_id in chosen), strict=True))
        if not has_letters(self.key):
            scores = self._likeness(bodies, shorts)
        elif self.spoken and (not self.letters or sound.segment(self.letters)):
            scores = self._sounding(bodies, shorts)
        else:
            scores = [-abs(len(short) - len(self.key)) for short in shorts]
        ordered = sorted(zip(scores, chosen, strict=True), key=lambda item: (-item[0], item[1]))
        return [name_id for _, name_id in ordered[:COMPARED]]

    def _sounding(self, bodies: Sequence[str], shorts: Sequence[str]) -> list[float]:
        """How like each name sounds to what was typed, as a whole or without its place; most where every character fits."""
        like = np.maximum.reduce(
            [
                process.cdist(
                    [self.spoken], [sound.joined(sound.syllables(text)) for text in texts], scorer=fuzz.ratio
                )[0]
                for texts in (bodies, shorts)
            ]
        ).tolist()
        if self.letters:
            return list(like)
        fits = [mixture_fits(self.key, body, short) for body, short in zip(bodies, shorts, strict=True)]
        return [value + (50 if fit else 0) for value, fit in zip(like, fits, strict=True)]

    def _likeness(self, bodies: Sequence[str], shorts: Sequence[str]) -> list[float]:
        """How like each name is to what was typed; more in the same place, and most where one slip explains it."""
        query = self.query
        like = np.maximum.reduce(
            [
                process.cdist([query.body], bodies, scorer=fuzz.ratio)[0],
                *(process.cdist([text], shorts, scorer=fuzz.ratio)[0] for text in (query.short, query.plain) if text),
                process.cdist([query.body], bodies, scorer=fuzz.partial_ratio)[0] - 1,
            ]
        ).tolist()
        place = anatomy.bare_region(query.body[: query.cut])
        slips = {
            (mine, at): process.cdist([mine], texts, scorer=OSA.distance, score_cutoff=1)[0] <= 1
            for mine in (query.short, query.body)
            for at, texts in enumerate((shorts, bodies))
        }
        wholes, any_ = slips[query.body, 1].tolist(), np.logical_or.reduce(list(slips.values())).tolist()
        return [
            value + (8 if place and place in body else 0) + self._near(short, whole=whole, slipped=slip)
            for value, body, short, whole, slip in zip(like, bodies, shorts, wholes, any_, strict=True)
        ]

    def _near(self, short: str, *, whole: bool, slipped: bool) -> float:
        """More for a short form one slip away, and most where all that was typed is: likeness alone does not see swaps."""
        mine = self.query.short
        if whole:
            return 48
        if mine in short and (len(mine) > 2 or not self.query.cut):
            return 40
        wrong = [pair for pair in zip(mine, short, strict=False) if pair[0] != pair[1]]
        if len(wrong) == 1 and (sound.near(*wrong[0]) or shape.near(*wrong[0])):
            return 24
        return 20 if slipped else 0

    def _hit(self, row: Row) -> Hit:
        name = anatomy.dissect(row[2])
        reason = explain_letters(self.key, self.letters, name) if has_letters(self.key) else explain(self.query, name)
        return Hit(
            name_id=row[0],
            name=row[1],
            kind=row[3],
            entity_id=row[4],
            present_name=row[5],
            code=row[6],
            entity_kind=row[7],
            status=row[8],
            place=row[9],
            bearer_id=row[10],
            reason=reason,
        )


_NAME_KINDS: Final = {"registered": 0, "former": 1, "reported": 2, "short": 1, "english": 2}


def order(hit: Hit, key: str) -> tuple[Any, ...]:
    """The order of hits: fewest corrections, surest kind, registered before former, shortest name; stable by number."""
    reason = hit.reason
    return (
        reason.distance if reason.kind is not Kind.WORDS else 50 + reason.distance,
        0 if reason.whole else 1,
        reason.kind,
        _NAME_KINDS.get(hit.kind, 3),
        0 if reason.span[0] == 0 else 1,
        abs(len(hit.name) - len(key)),
        hit.name_id,
    )


def has_letters(key: str) -> bool:
    """Whether a key holds Latin letters: then it may be pinyin."""
    return any("A" <= char <= "Z" for char in key)


def _letters(key: str) -> str:
    """The key as typed pinyin, or empty when it holds anything but letters."""
    return key.lower() if key and all("A" <= char <= "Z" for char in key) else ""


def _syllable_pairs(way: Sequence[str]) -> list[terms.Pair]:
    return terms.syllable_pairs([part if part in sound.numbers() else "" for part in way])


def _pieces(key: str) -> list[tuple[str, str]]:
    """A key as runs of letters and runs of anything else: (letters, "") or ("", text)."""
    runs: list[tuple[str, str]] = []
    for char in key:
        letter = "A" <= char <= "Z"
        if runs and bool(runs[-1][0]) == letter:
            before = runs[-1]
            runs[-1] = (before[0] + char, "") if letter else ("", before[1] + char)
        else:
            runs.append((char, "") if letter else ("", char))
    return runs


def _cuts(body: str, cut: int) -> list[int]:
    """Where each region in front ends: 河南省|新乡市|牧野区|."""
    ends = []
    at = 0
    while at < cut:
        step = anatomy.first_region(body[at:])
        if not step:
            break
        at += step
        ends.append(at)
    return ends
