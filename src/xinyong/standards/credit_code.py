"""Unified social credit code (统一社会信用代码, GB 32100-2015 with amendment 1 of 2016).

Eighteen characters: department (1), category (2), region of the authority of first registration (3-8),
organisation code (9-17, GB 11714) and check character (18). The region digits show where the subject was *first*
registered; they never change when it moves and must not be used for routing, statistics or access rights.

What is valid: eighteen characters of the alphabet, digits in 3-8, a known department and category, and the right
check character. Two further rules are advisories, because published codes break them (measured on 278,191 valid
registrations of the national system):

* 20 codes have an organisation code whose own GB 11714 check fails. They are real and stay valid.
* 3.8 % carry a region that is not in the county-and-above list at any date: the authority was a development zone
  (610131), a municipal bureau itself (440101, 市辖区), or a special bureau (230199). A refusal would be wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from xinyong.standards import organisation_code, regions, registration_number, resident_id
from xinyong.standards._columns import CharacterMap
from xinyong.standards.registration_number import RegistrationNumberForm

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: Powers of 3 modulo 31 for positions 1-17.
WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
LENGTH: Final = 18
#: Official filler for "has no credit code". It fails the check (17 zeros have check 0): never a key for matching.
PLACEHOLDER: Final = "0" * 17 + "X"

VALUES: Final = MappingProxyType({character: value for value, character in enumerate(ALPHABET)})
_SHAPE: Final = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Category:
    """Category (机构类别) inside a department: position 2 of the code."""

    code: str
    label_zh: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Department:
    """Registering department (登记管理部门): position 1 of the code, with its categories."""

    code: str
    label_zh: str
    label_en: str
    categories: tuple[Category, ...]


def _department(code: str, label_zh: str, label_en: str, *categories: tuple[str, str, str]) -> Department:
    return Department(code, label_zh, label_en, tuple(Category(*category) for category in categories))


_OTHER: Final = ("9", "其他", "other")

#: The 2015 text had 1, 5, 9 and Y; amendment 1 brought the rest. 99 is recalled, and met in the real data.
DEPARTMENTS: Final = MappingProxyType(
    {
        department.code: department
        for department in (
            _department(
                "1", "机构编制", "public sector establishment",
                ("1", "机关", "state organ"), ("2", "事业单位", "public institution"),
                ("3", "编办直接管理机构编制的群众团体", "mass organisation managed by the establishment office"), _OTHER,
            ),
            _department("2", "外交", "foreign affairs", ("1", "外国常驻新闻机构", "resident foreign news bureau"), _OTHER),
            _department(
                "3", "司法行政", "judicial administration",
                ("1", "律师执业机构", "law office"), ("2", "公证处", "notary office"),
                ("3", "基层法律服务所", "grass-roots legal service office"),
                ("4", "司法鉴定机构", "forensic expertise institution"),
                ("5", "仲裁委员会", "arbitration commission"), _OTHER,
            ),
            _department("4", "文化", "culture", ("1", "外国在华文化中心", "foreign cultural centre in China"), _OTHER),
            _department(
                "5", "民政", "civil affairs",
                ("1", "社会团体", "social association"), ("2", "民办非企业单位", "private non-enterprise unit"),
                ("3", "基金会", "foundation"), _OTHER,
            ),
            _department(
                "6", "旅游", "tourism",
                ("1", "外国旅游部门常驻代表机构", "representative office of a foreign tourism department"),
                ("2", "港澳台地区旅游部门常驻内地(大陆)代表机构",
                 "representative office of a Hong Kong, Macao or Taiwan tourism department"), _OTHER,
            ),
            _department(
                "7", "宗教", "religious affairs",
                ("1", "宗教活动场所", "place of religious activity"), ("2", "宗教院校", "religious school"), _OTHER,
            ),
            _department("8", "工会", "trade unions", ("1", "基层工会", "grass-roots trade union"), _OTHER),
            _department(
                "9", "工商", "market regulation",
                ("1", "企业", "enterprise"), ("2", "个体工商户", "individual business"),
                ("3", "农民专业合作社", "farmers' cooperative"), _OTHER,
            ),
            _department(
                "A", "中央军委改革和编制办公室", "military reform and establishment office",
                ("1", "军队事业单位", "military institution"), _OTHER,
            ),
            _department(
                "N", "农业", "agriculture",
                ("1", "组级集体经济组织", "collective economic organisation of a group"),
                ("2", "村级集体经济组织", "collective economic organisation of a village"),
                ("3", "乡镇级集体经济组织", "collective economic organisation of a township"), _OTHER,
            ),
            _department("Y", "其他", "other", ("1", "不分类别", "any")),
        )
    }
)  # fmt: skip
#: The valid first two characters.
PREFIXES: Final = frozenset(
    department.code + category.code for department in DEPARTMENTS.values() for category in department.categories
)
#: Prefixes of market entities in the sense of 市场主体登记管理条例: enterprise, individual business, cooperative.
MARKET_ENTITY_PREFIXES: Final = frozenset({"91", "92", "93"})


class Change(StrEnum):
    """What normalisation had to change."""

    FULL_WIDTH = "full-width"
    SEPARATOR = "separator"
    INVISIBLE = "invisible"
    QUOTE = "quote"
    LOWER_CASE = "lower-case"


class Kind(StrEnum):
    """What a text in a code column is. Order is stored (``KINDS``): append only."""

    VALID = "valid"
    REPAIRED = "repaired"
    PLACEHOLDER = "placeholder"
    REGISTRATION_NUMBER_15 = "registration-number-15"
    REGISTRATION_NUMBER_15_BAD_CHECK = "registration-number-15-bad-check"
    REGISTRATION_NUMBER_COOPERATIVE = "registration-number-cooperative"
    REGISTRATION_NUMBER_13 = "registration-number-13"
    REGISTRATION_NUMBER_TEXT = "registration-number-text"
    ORGANISATION_CODE = "organisation-code"
    ORGANISATION_CODE_BAD_CHECK = "organisation-code-bad-check"
    RESIDENT_ID = "resident-id"
    NOT_AVAILABLE = "not-available"
    EMPTY = "empty"
    WRONG_LENGTH = "wrong-length"
    WRONG_CHARACTER = "wrong-character"
    WRONG_DEPARTMENT_OR_CATEGORY = "wrong-department-or-category"
    WRONG_ORGANISATION_CHECK = "wrong-organisation-check"
    WRONG_CHECK = "wrong-check"
    MULTIPLE_CODES = "multiple-codes"
    CODE_IN_TEXT = "code-in-text"
    OTHER = "other"


#: Verdict number → kind; the numbers of ``credit_code_bulk.classify``.
KINDS: Final = tuple(Kind)


class Advisory(StrEnum):
    """Something to look at in a valid code; never a reason to refuse it."""

    REGION_UNKNOWN = "region-unknown"
    REGION_FICTITIOUS = "region-fictitious"
    ORGANISATION_CHECK_FAILS = "organisation-check-fails"


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in the one form codes are compared in, and what had to change for it."""

    text: str
    changes: tuple[Change, ...]


_FULL_WIDTH: Final = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)}
_LOWER: Final = {point: point - 32 for point in range(ord("a"), ord("z") + 1)}
_FULL_WIDTH_LOWER: Final = {point: point - 0xFEE0 - 32 for point in range(0xFF41, 0xFF5B)}
_DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d")
_SEPARATORS: Final = _DASHES | frozenset(" \t\r\n\v\f\u00a0\u2002\u2003\u2009\u202f\u3000")
_INVISIBLES: Final = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\x00")
_QUOTES: Final = frozenset("'\"`\u2018\u2019\u201c\u201d\uff07\uff02")

_DELETIONS: Final = {ord(character): None for character in _SEPARATORS | _INVISIBLES | _QUOTES}
#: Full width to half width, lower to upper case; separators, quotes and invisible characters deleted.
NORMALISATION: Final = CharacterMap({**_FULL_WIDTH, **_LOWER, **_FULL_WIDTH_LOWER, **_DELETIONS})
#: The same but separators stay, to see the parts of a cell that holds more than a code.
_FOLDING: Final = CharacterMap({**_FULL_WIDTH, **_LOWER, **_FULL_WIDTH_LOWER, 0x3000: 0x20})

_RUN: Final = re.compile(r"(?<![0-9A-Z])(?:[0-9A-Z]{18}|[0-9]{15})(?![0-9A-Z])", re.ASCII)
_CODE_LIKE: Final = re.compile(r"[0-9A-Z]+", re.ASCII)
_NOT_AVAILABLE: Final = frozenset(
    {
        *("NA", "N/A", "N.A.", "N.A", "NULL", "NONE", "NIL", "/", "\\", "*", ".", "、", "。", "?"),
        *("无", "暂无", "没有", "未知", "不详", "不明", "空", "缺", "未提供", "未填", "无代码", "无统一社会信用代码"),
    }
)
_LONGEST_NOT_AVAILABLE: Final = max(map(len, _NOT_AVAILABLE))


def normalise(text: str) -> Normalised:
    """``text`` in half width, upper case, without spaces, hyphens, quotes and invisible characters."""
    if _CODE_LIKE.fullmatch(text):
        return Normalised(text, ())
    changed = {
        Change.FULL_WIDTH: any(0xFF01 <= ord(character) <= 0xFF5E for character in text),
        Change.SEPARATOR: not _SEPARATORS.isdisjoint(text),
        Change.INVISIBLE: not _INVISIBLES.isdisjoint(text),
        Change.QUOTE: not _QUOTES.isdisjoint(text),
        Change.LOWER_CASE: any("a" <= character <= "z" or "ａ" <= character <= "ｚ" for character in text),
    }
    return Normalised(NORMALISATION.apply(text), tuple(change for change, present in changed.items() if present))


def check_character(body: str) -> str:
    """Check character for the seventeen characters ``body``; ``ValueError`` when they are not of the alphabet.

    ``(31 - sum mod 31) mod 31``: without the outer modulo a sum divisible by 31 has no character; it is ``0``.
    """
    if len(body) != len(WEIGHTS) or not all(character in VALUES for character in body):
        raise ValueError("a credit code body has seventeen characters of the alphabet")
    total = sum(VALUES[character] * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether ``code`` is a valid credit code as written: no normalisation, and the placeholder is not one."""
    return _SHAPE.fullmatch(code) is not None and code[:2] in PREFIXES and check_character(code[:17]) == code[17]


def advisories_of(code: str) -> tuple[Advisory, ...]:
    """Advisories of the valid code ``code``."""
    found: list[Advisory] = []
    region = code[2:8]
    if regions.is_fictitious(region):
        found.append(Advisory.REGION_FICTITIOUS)
    elif region != regions.NATIONAL_CODE and region not in regions.table():
        found.append(Advisory.REGION_UNKNOWN)
    if not organisation_code.is_valid(code[8:17]):
        found.append(Advisory.ORGANISATION_CHECK_FAILS)
    return tuple(found)


def organisation_code_of(code: str) -> str:
    """The organisation code inside the credit code ``code`` (positions 9-17). The way back does not exist."""
    return code[8:17]


def codes_in(text: str) -> tuple[str, ...]:
    """Distinct valid credit codes and fifteen-digit registration numbers standing free in ``text``, in order."""
    runs = _RUN.findall(_FOLDING.apply(text))
    return tuple(dict.fromkeys(run for run in runs if is_valid(run) or registration_number.is_valid(run)))


def recognise(text: str | None) -> tuple[Kind, Normalised]:
    """The kind of ``text`` and its normalised form: the fast half of a diagnosis, without reasons or repairs."""
    if text is None or not text.strip():
        return Kind.EMPTY, Normalised("", ())
    normalised = normalise(text)
    code = normalised.text
    if is_valid(code):
        return Kind.REPAIRED if normalised.changes else Kind.VALID, normalised
    if code == PLACEHOLDER:
        return Kind.PLACEHOLDER, normalised
    if not code:
        return Kind.EMPTY if _DASHES.isdisjoint(text) else Kind.NOT_AVAILABLE, normalised
    if not code.strip("0") or (len(code) <= _LONGEST_NOT_AVAILABLE and _FOLDING.apply(text).strip() in _NOT_AVAILABLE):
        return Kind.NOT_AVAILABLE, normalised
    return _recognise_invalid(text, code), normalised


def _recognise_invalid(text: str, code: str) -> Kind:
    # A resident number with a slip in it is still a person's number, so its check is not asked for. Of mistyped
    # credit codes about one in a thousand looks the same; it is refused with the others.
    if resident_id.has_shape(code):
        return Kind.RESIDENT_ID
    form = registration_number.form_of(code)
    if form is RegistrationNumberForm.DIGITS_15:
        if registration_number.is_valid(code):
            return Kind.REGISTRATION_NUMBER_15
        return Kind.REGISTRATION_NUMBER_15_BAD_CHECK
    if form is not None:
        return _FORM_KINDS[form]
    if len(code) == 9 and _CODE_LIKE.fullmatch(code):
        return Kind.ORGANISATION_CODE if organisation_code.is_valid(code) else Kind.ORGANISATION_CODE_BAD_CHECK
    if len(code) == LENGTH and _code_characters(code) >= 12:
        return _recognise_eighteen(code)
    if any(resident_id.has_shape(run) and not is_valid(run) for run in _RUN.findall(_FOLDING.apply(text))):
        return Kind.RESIDENT_ID
    inside = codes_in(text)
    if inside:
        return Kind.MULTIPLE_CODES if len(inside) > 1 else Kind.CODE_IN_TEXT
    # A registration number with notes or Chinese brackets around the digits keeps its hyphens in the folded text.
    if registration_number.form_of(_FOLDING.apply(text).strip()) is not None:
        return Kind.REGISTRATION_NUMBER_TEXT
    return Kind.WRONG_LENGTH if _CODE_LIKE.fullmatch(code) else Kind.OTHER


_FORM_KINDS: Final = {
    RegistrationNumberForm.COOPERATIVE_15: Kind.REGISTRATION_NUMBER_COOPERATIVE,
    RegistrationNumberForm.DIGITS_13: Kind.REGISTRATION_NUMBER_13,
    RegistrationNumberForm.OLD_TEXT: Kind.REGISTRATION_NUMBER_TEXT,
}


def _code_characters(code: str) -> int:
    return sum(character.isascii() and character.isalnum() for character in code)


def _recognise_eighteen(code: str) -> Kind:
    if wrong_positions(code):
        return Kind.WRONG_CHARACTER
    if code[:2] not in PREFIXES:
        return Kind.WRONG_DEPARTMENT_OR_CATEGORY
    return Kind.WRONG_CHECK if organisation_code.is_valid(code[8:17]) else Kind.WRONG_ORGANISATION_CHECK


def wrong_positions(code: str) -> tuple[int, ...]:
    """Positions (1-based) of the eighteen characters ``code`` that no valid code can have there."""
    return tuple(
        position
        for position, character in enumerate(code, start=1)
        if character not in VALUES or (3 <= position <= 8 and character not in "0123456789")
    )
