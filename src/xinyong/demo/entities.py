"""The market entities of the city. Nothing is kept: entity ``n`` is computed from its number wherever it is needed.

Two hundred consecutive numbers hold a fixed mixture of classes (``MIXTURE``), evenly interleaved. Names are unique:
place, two characters of the core word and the industry word are the digits of a permuted number of 22 bits; a third
character is added for each further four million entities. Codes are permuted numbers as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from xinyong.demo import codes, wording
from xinyong.demo.days import Days
from xinyong.demo.draw import I64, Draw, Permutation
from xinyong.standards import credit_code

BLOCK: Final = 200
#: The unified credit code came into force.
_CODE_REFORM: Final = date(2015, 10, 1)
#: Entity numbers stay below this: the permutations of the codes have 25 bits.
MAX_ENTITIES: Final = 1 << 25
#: class: letter used by matters, wording group, prefix of the credit code, share per BLOCK
MIXTURE: Final = (
    ("company", "E", "company", "91", 50),
    ("individual", "I", "individual", "92", 110),
    ("branch", "E", "company", "91", 10),
    ("cooperative", "C", "cooperative", "93", 10),
    ("partnership", "E", "company", "91", 7),
    ("civil", "S", "civil", "52", 6),
    ("law", "L", "law", "31", 3),
    ("institution", "N", "institution", "12", 4),
)
CLASSES: Final = tuple(row[0] for row in MIXTURE)
COMPANY, INDIVIDUAL, BRANCH, COOPERATIVE, PARTNERSHIP, CIVIL, LAW, INSTITUTION = range(8)
#: First two characters of organisation codes given since 2015, by class.
_LEADS: Final = ("MA", "MA", "MA", "MA", "MA", "MJ", "MD", "MB")
_CAPITALS: Final = (1, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000, 50000)
_CAPITAL_STYLES: Final = (
    "{n}万人民币",
    "{n}(万元人民币)",
    "{n}.0000(万元)",
    "{n:,}(万)",
    "{n}万元人民币",
    "{n}.000000",
    "{n}(万元)",
    "N/A",
)
_STATUSES: Final = (("存续", 84), ("注销", 12), ("吊销", 4))

Objects = np.ndarray[Any, np.dtype[np.object_]]


def _interleaved() -> I64:
    places = [
        ((2 * item + 1) / (2 * share), number)
        for number, (_, _, _, _, share) in enumerate(MIXTURE)
        for item in range(share)
    ]
    return np.array([number for _, number in sorted(places)], dtype=np.int64)


def objects(values: list[str] | tuple[str, ...]) -> Objects:
    """Texts as an array that can be indexed by an array."""
    result: Objects = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def texts(values: np.ndarray[Any, Any]) -> list[str]:
    """An array of texts as a list."""
    result: list[str] = values.tolist()
    return result


@dataclass(frozen=True, slots=True)
class Identity:
    """How a row names its entities: one list per item."""

    numbers: I64
    names: list[str]
    credit_codes: list[str]
    registration_numbers: list[str]
    representatives: list[str]
    classes: I64
    established: I64
    #: Individual businesses of before 2015 whose code the departments never learned: they know the registration number.
    number_only: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def sent_codes(self) -> list[str]:
        """The credit code as departments send it: the placeholder for those they know by registration number."""
        return [
            credit_code.PLACEHOLDER if none else code
            for code, none in zip(self.credit_codes, self.number_only.tolist(), strict=True)
        ]

    @property
    def known_codes(self) -> list[str]:
        """The credit code, or the registration number of an entity whose code is not known to departments."""
        return [
            number if none else code
            for code, number, none in zip(
                self.credit_codes, self.registration_numbers, self.number_only.tolist(), strict=True
            )
        ]

    @property
    def categories(self) -> list[str]:
        """行政相对人类别."""
        return texts(np.where(self.classes == INDIVIDUAL, "个体工商户", "法人及非法人组织"))


class Population:
    """The entities 0 … count - 1 of one seed (and any number beyond, for rows that are wrong on purpose)."""

    def __init__(self, draw: Draw, days: Days, count: int) -> None:
        self.draw, self.days, self.count = draw, days, count
        self.layout = _interleaved()
        ranks = np.zeros(BLOCK, dtype=np.int64)
        for number in range(len(MIXTURE)):
            slots = np.flatnonzero(self.layout == number)
            ranks[slots] = np.arange(len(slots))
        self._ranks = ranks
        self._slots = {number: np.flatnonzero(self.layout == number) for number in range(len(MIXTURE))}
        self._small = np.arange(min(count, 2 * BLOCK), dtype=np.int64)
        self._name_order = Permutation(draw.seed, "names", 22)
        self._code_order = Permutation(draw.seed, "codes", 25)
        self._number_order = Permutation(draw.seed, "registration-numbers", 25)
        self._prepare()

    def _prepare(self) -> None:
        words = wording.names()
        self.mark = words.mark
        self._cores = objects([first + second for second in words.second for first in words.first])
        self._thirds = objects(["", *words.third])
        self._places = objects([word for word, _ in words.places])
        self._place_regions: I64 = np.array([region for _, region in words.places], dtype=np.int64)
        self._region_names = dict(words.regions)
        self._persons = objects([surname + given for surname in words.surnames for given in words.given])
        groups = wording.industries()
        self._industries = groups
        self._words = objects([word for group in groups for word in group.words])
        self._industry_classes = objects([code for group in groups for code in group.classes])
        self._sections = objects([group.section for group in groups])
        self._group_members = {
            name: [at for at, group in enumerate(groups) if group.group == name] for name in {g.group for g in groups}
        }
        self._forms = dict(words.forms)
        self._roads = objects(words.roads)
        self._estates = objects(words.estates)
        self._capitals = objects([style.format(n=amount) for amount in _CAPITALS for style in _CAPITAL_STYLES])
        tail = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
        self._scopes: list[Objects] = []
        for group in groups:
            doubled = group.phrases * 3
            starts = len(group.phrases)
            self._scopes.append(
                objects(
                    [
                        "；".join(doubled[start : start + length]) + (tail if (start + length) % 2 else "。")
                        for start in range(starts)
                        for length in (2, min(4, starts), min(6, starts))
                    ]
                )
            )

    def class_of(self, numbers: I64) -> I64:
        """Class numbers, positions in ``CLASSES``."""
        classes: I64 = self.layout[numbers % BLOCK]
        return classes

    def pick(self, letters: str, stream: str, index: I64) -> I64:
        """An entity of the classes ``letters`` for every index: few entities get many, most one to three."""
        members = [number for number, row in enumerate(MIXTURE) if row[1] in letters]
        block_luck = self.draw.unit(stream + "/block", index)
        slot_luck = self.draw.unit(stream + "/slot", index)
        if self.count < 2 * BLOCK:
            candidates = self._small[np.isin(self.class_of(self._small), members)]
            if not len(candidates):
                candidates = self._small
            few: I64 = candidates[(block_luck * block_luck * len(candidates)).astype(np.int64)]
            return few
        slots = np.sort(np.concatenate([self._slots[number] for number in members]))
        blocks = self.count // BLOCK
        block = (block_luck * block_luck * blocks).astype(np.int64)
        chosen: I64 = block * BLOCK + slots[(slot_luck * slot_luck * len(slots)).astype(np.int64)]
        return chosen

    def spread(self, letters: str, index: I64) -> tuple[I64, I64]:
        """Entities of the classes ``letters`` in turn, each once before any comes again; and the turn."""
        members = [number for number, row in enumerate(MIXTURE) if row[1] in letters]
        slots = np.flatnonzero(np.isin(self.layout, members))
        whole, rest = divmod(self.count, BLOCK)
        total = max(whole * len(slots) + int(np.searchsorted(slots, rest)), 1)
        step = 1_000_003 if total % 1_000_003 else 1_000_033
        place = index * step % total
        number = place // len(slots) * BLOCK + slots[place % len(slots)]
        return np.minimum(number, self.count - 1), index // total

    def _groups(self, numbers: I64, classes: I64) -> I64:
        """The industry group of each entity."""
        result = np.zeros(len(numbers), dtype=np.int64)
        for number, (_, _, group, _, _) in enumerate(MIXTURE):
            chosen = np.flatnonzero(classes == number)
            if len(chosen):
                members = self._group_members[group]
                weights = [self._industries[at].weight for at in members]
                picked = self.draw.weighted("section", numbers[chosen], weights)
                result[chosen] = np.asarray(members, dtype=np.int64)[picked]
        return result

    def _name_digits(self, numbers: I64) -> tuple[I64, I64, I64, I64]:
        """Core word, place, variant of the industry word, third character."""
        number = self._name_order.apply(numbers & 0x3FFFFF)
        return number & 0x3FFF, number >> 14 & 15, number >> 18 & 15, numbers >> 22

    def _parents(self, numbers: I64) -> I64:
        """The company a branch belongs to: two branches share one, in the same block and before them."""
        slot = numbers % BLOCK
        return numbers - slot + self._slots[COMPANY][np.minimum(self._ranks[slot] // 2 * 10, 40)]

    def parents(self, numbers: I64, classes: I64) -> I64:
        """The number of each branch's company; -1 for what is no branch."""
        return np.where(classes == BRANCH, self._parents(numbers), -1)

    def _form(self, group: str, numbers: I64) -> tuple[Objects, Objects]:
        rows = self._forms[group]
        at = self.draw.weighted("form", numbers, [weight for _, _, weight in rows])
        return objects([row[0] for row in rows])[at], objects([row[1] for row in rows])[at]

    def names(self, numbers: I64) -> list[str]:
        """Registered names."""
        classes = self.class_of(numbers)
        branches = np.flatnonzero(classes == BRANCH)
        own = numbers
        if len(branches):
            own = numbers.copy()
            own[branches] = self._parents(numbers[branches])
        result = self._own_names(own)
        if len(branches):
            _, place, _, _ = self._name_digits(numbers[branches])
            seconds = self._ranks[numbers[branches] % BLOCK] % 2
            for at, where, second in zip(
                branches.tolist(), self._places[place].tolist(), seconds.tolist(), strict=True
            ):
                result[at] += "第二分公司" if second else f"{where}分公司"
        return result

    def _own_names(self, numbers: I64) -> list[str]:
        classes = self.class_of(numbers)
        core, place, variant, third = self._name_digits(numbers)
        words = self._words[self._groups(numbers, classes) * wording.WORDS + variant]
        middle, tail = objects([""] * len(numbers)), words.copy()
        for number, group, fixed in (
            (COMPANY, "company", ""),
            (PARTNERSHIP, "partnership", ""),
            (COOPERATIVE, "", "专业合作社"),
            (LAW, "", "事务所"),
        ):
            chosen = np.flatnonzero(classes == number)
            if len(chosen):
                middle[chosen] = words[chosen]
                tail[chosen] = fixed if fixed else self._form(group, numbers[chosen])[0]
        mark = self.mark
        columns = (self._places[place], self._cores[core], self._thirds[third], middle, tail)
        return [
            f"{where}{core_word}{extra}{inner}{mark}{end}"
            for where, core_word, extra, inner, end in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def regions(self, numbers: I64) -> I64:
        """Region code of the registering authority."""
        _, place, _, _ = self._name_digits(numbers)
        return self._place_regions[place]

    def established(self, numbers: I64, classes: I64) -> I64:
        """Working days, more of them recent; branches follow their company."""
        luck = self.draw.unit("established", numbers)
        span = np.where(classes == INDIVIDUAL, 15 * 365, 32 * 365)
        days = self.days.today - 40 - (luck * luck * span).astype(np.int64)
        return self.days.working(days)

    def identity(self, numbers: I64) -> Identity:
        """Names and numbers of the entities, in the order asked for (repeats are welcome)."""
        classes = self.class_of(numbers)
        established = self.established(numbers, classes)
        turn = self.days.number(_CODE_REFORM)
        old = established < turn
        number_only = old & (classes == INDIVIDUAL) & (self.draw.below("number-only", numbers, 100) < 35)
        region = self.regions(numbers)
        prefixes = _PREFIX_BYTES[classes]
        leads = np.where(old[:, None], np.uint8(0), _LEAD_BYTES[classes])
        credit_codes = codes.credit_codes(prefixes, region, self._code_order.apply(numbers), leads)
        sequence = self._number_order.apply(numbers) + np.where(classes == INDIVIDUAL, 60_000_000, 0)
        registration_numbers = codes.registration_numbers(region, sequence)
        for at in np.flatnonzero(~old).tolist():
            registration_numbers[at] = ""
        persons = self._persons[self.draw.below("representative", numbers, len(self._persons))]
        return Identity(
            numbers,
            self.names(numbers),
            credit_codes,
            registration_numbers,
            persons.tolist(),
            classes,
            established,
            number_only,
        )

    def particulars(self, identity: Identity) -> dict[str, list[str]]:
        """The rest of a registration row: type, industry, capital, scope, address, status and dates."""
        numbers, classes = identity.numbers, identity.classes
        draw, count = self.draw, len(identity.numbers)
        own = np.where(classes == BRANCH, self._parents(numbers), numbers)
        groups = self._groups(own, self.class_of(own))
        _, _, variant, _ = self._name_digits(own)
        kinds = objects(["9500"] * count)
        for number, code in ((COOPERATIVE, "9100"), (BRANCH, "2130")):
            kinds[classes == number] = code
        for number in (CIVIL, LAW, INSTITUTION):
            kinds[classes == number] = "9900"
        for number, group in ((COMPANY, "company"), (PARTNERSHIP, "partnership")):
            chosen = np.flatnonzero(classes == number)
            if len(chosen):
                kinds[chosen] = self._form(group, numbers[chosen])[1]
        low = np.where(classes == INDIVIDUAL, 0, 4)
        amount = low + draw.below_each("capital", numbers, np.where(classes == INDIVIDUAL, 6, 12))
        amount = np.minimum(amount, len(_CAPITALS) - 1)
        style = draw.below("capital-style", numbers, len(_CAPITAL_STYLES))
        capitals = self._capitals[amount * len(_CAPITAL_STYLES) + style]
        capitals[(classes == BRANCH) | (classes >= CIVIL)] = ""
        scopes = objects([""] * count)
        picks = draw.below("scope", numbers, 1 << 20)
        for at, table in enumerate(self._scopes):
            chosen = np.flatnonzero(groups == at)
            if len(chosen):
                scopes[chosen] = table[picks[chosen] % len(table)]
        status = draw.weighted("status", numbers, [weight for _, weight in _STATUSES])
        ended_on = identity.established + draw.below_each(
            "ended", numbers, np.maximum(self.days.today - identity.established, 1)
        )
        ended = self.days.texts(self.days.working(np.maximum(ended_on, identity.established)))
        region = self.regions(numbers)
        return {
            "type": kinds.tolist(),
            "section": self._sections[groups].tolist(),
            "industry": self._industry_classes[groups * wording.WORDS + variant].tolist(),
            "capital": capitals.tolist(),
            "scope": scopes.tolist(),
            "status": objects([name for name, _ in _STATUSES])[status].tolist(),
            "established": self.days.texts(identity.established),
            "cancelled": [day if code == 1 else "" for day, code in zip(ended, status.tolist(), strict=True)],
            "revoked": [day if code == 2 else "" for day, code in zip(ended, status.tolist(), strict=True)],
            "region": [str(code) for code in region.tolist()],
            "address": self._addresses(numbers, region),
        }

    def _addresses(self, numbers: I64, region: I64) -> list[str]:
        draw = self.draw
        known = self._region_names
        roads = self._roads[draw.below("road", numbers, len(self._roads))].tolist()
        estates = self._estates[draw.below("estate", numbers, len(self._estates))].tolist()
        house = draw.below("house", numbers, 998).tolist()
        room = draw.below("room", numbers, 4000).tolist()
        return [
            f"示例省{known[code]}{road}{number + 1}号"
            + (f"{estate}{door % 9 + 1}号楼{door // 9 % 18 + 1}{door % 20 + 1:02d}室" if door % 3 else "")
            for code, road, estate, number, door in zip(region.tolist(), roads, estates, house, room, strict=True)
        ]


def _pairs(texts: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(len(texts), 2)


_PREFIX_BYTES: Final = _pairs(tuple(row[3] for row in MIXTURE))
_LEAD_BYTES: Final = _pairs(_LEADS)
