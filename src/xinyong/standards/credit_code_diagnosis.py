"""Diagnosis of a text in a code column: what it is, where it is wrong, and what to do, in Chinese and English.

The messages never repeat the text: a cell that should hold a code may hold a person's identity number.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from xinyong.standards import organisation_code
from xinyong.standards.credit_code import (
    DEPARTMENTS,
    LENGTH,
    Advisory,
    Change,
    Kind,
    advisories_of,
    check_character,
    codes_in,
    recognise,
    wrong_positions,
)
from xinyong.standards.credit_code_repair import Repair, repairs, single

_ORGANISATION_POSITIONS: Final = tuple(range(9, 18))
#: When the organisation code passes, the slip lies outside it (or the check character itself is wrong).
_OUTER_POSITIONS: Final = (*range(1, 9), 18)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict on one text.

    ``normalised`` is ``None`` for a resident number, which must not be kept. ``positions`` are 1-based in the
    normalised text. ``repaired`` is set only when exactly one repair explains the text; it is a proposal.
    ``codes`` are the codes found inside a text that holds several or holds other words beside one.
    """

    kind: Kind
    normalised: str | None
    message_zh: str
    message_en: str
    changes: tuple[Change, ...] = ()
    positions: tuple[int, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    repaired: str | None = None
    candidates: tuple[Repair, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether ``normalised`` is a valid credit code."""
        return self.kind in (Kind.VALID, Kind.REPAIRED)


class _Message(NamedTuple):
    zh: str
    en: str


_CHANGES_ZH: Final = {
    Change.FULL_WIDTH: "全角字符转为半角",
    Change.SEPARATOR: "删除空格或连字符",
    Change.INVISIBLE: "删除不可见字符",
    Change.QUOTE: "删除引号",
    Change.LOWER_CASE: "小写字母转为大写",
}

#: ``str.format`` templates: what, where, why, what to do.
_MESSAGES: Final = MappingProxyType(
    {
        Kind.VALID: _Message("统一社会信用代码有效。", "Valid unified social credit code."),
        Kind.REPAIRED: _Message(
            "统一社会信用代码经规范化后有效（{changes_zh}）。无需处理；建议在源系统中按规范格式保存。",
            "Valid after normalisation ({changes_en}). Nothing to do; better store the normal form at the source.",
        ),
        Kind.PLACEHOLDER: _Message(
            "此为“无统一社会信用代码”的占位码（17个0加X），不能用于识别主体。请同时提供注册号。",
            "Placeholder for 'no credit code' (17 zeros and X); it identifies nobody. Give the registration number too.",
        ),
        Kind.REGISTRATION_NUMBER_15: _Message(
            "此为15位注册号，校验通过，不是统一社会信用代码。请填入注册号一栏，并补充统一社会信用代码（如有）。",
            "A 15-digit registration number (check passes), not a credit code. Move it to the registration number "
            "column and add the credit code if there is one.",
        ),
        Kind.REGISTRATION_NUMBER_15_BAD_CHECK: _Message(
            "此为15位数字，第15位与注册号校验规则（GS15-2006）不符。请对照营业执照核对；身份证号码不得填入。",
            "Fifteen digits whose last one fails the registration number check (GS15-2006). Compare with the licence; "
            "an identity number must not be entered.",
        ),
        Kind.REGISTRATION_NUMBER_COOPERATIVE: _Message(
            "此为农民专业合作社旧注册号（含NA），不是统一社会信用代码。请填入注册号一栏。",
            "An old registration number of a farmers' cooperative (with NA), not a credit code. Move it to the "
            "registration number column.",
        ),
        Kind.REGISTRATION_NUMBER_13: _Message(
            "此为13位旧注册号，没有校验位，无法校验。请填入注册号一栏并人工核对。",
            "An old 13-digit registration number without a check digit. Move it to the registration number column and "
            "verify it by hand.",
        ),
        Kind.REGISTRATION_NUMBER_TEXT: _Message(
            "此为旧式注册号文本（如外商投资企业“企合…字第…号”），不是统一社会信用代码。请填入注册号一栏。",
            "A registration number of an old text form, not a credit code. Move it to the registration number column.",
        ),
        Kind.ORGANISATION_CODE: _Message(
            "此为9位组织机构代码，校验通过，不能由它推出统一社会信用代码。请填入组织机构代码一栏。",
            "A nine-character organisation code (check passes); a credit code cannot be derived from it. Move it to the "
            "organisation code column.",
        ),
        Kind.ORGANISATION_CODE_BAD_CHECK: _Message(
            "此为9位代码，形似组织机构代码，但校验码应为“{expected}”。请对照证书核对。",
            "Nine characters like an organisation code, but its check character should be '{expected}'. Compare with "
            "the certificate.",
        ),
        Kind.RESIDENT_ID: _Message(
            "此处填入了公民身份号码，属于个人信息，系统已拒收且不保存。请删除并填写统一社会信用代码。",
            "A resident identity number was entered here. It is personal data, refused and not stored. Remove it and "
            "give the credit code.",
        ),
        Kind.NOT_AVAILABLE: _Message(
            "填写的内容表示“无代码”。如确无统一社会信用代码，请提供注册号。",
            "The text says there is no code. If so, give the registration number.",
        ),
        Kind.EMPTY: _Message(
            "统一社会信用代码为空。请填写；确无代码的，请提供注册号。",
            "The credit code is empty. Fill it in; without one, give the registration number.",
        ),
        Kind.WRONG_LENGTH: _Message(
            "长度为{length}位，统一社会信用代码应为18位。请对照营业执照核对是否漏填或多填。",
            "Length is {length}, a credit code has 18 characters. Compare with the licence for a missing or extra one.",
        ),
        Kind.WRONG_CHARACTER: _Message(
            "第{positions}位含不允许的字符（代码不使用I、O、S、V、Z，第3至8位只能是数字）。请对照营业执照核对。",
            "Position {positions}: character not allowed (no I, O, S, V, Z; digits only in 3-8). Compare with the "
            "licence.",
        ),
        Kind.WRONG_DEPARTMENT_OR_CATEGORY: _Message(
            "第{positions}位有误：登记管理部门代码与机构类别代码的组合不存在。请对照营业执照核对前两位。",
            "Position {positions}: no such registering department and category. Compare the first two characters with "
            "the licence.",
        ),
        Kind.WRONG_ORGANISATION_CHECK: _Message(
            "第9至17位主体标识码（组织机构代码）校验不通过，第17位按前8位计算应为“{expected}”。错误多在第9至17位，请逐位核对。",
            "The organisation code in positions 9-17 fails its check (position 17 should be '{expected}' for the eight "
            "before). The slip is most likely in 9-17; compare them one by one.",
        ),
        Kind.WRONG_CHECK: _Message(
            "第18位校验码不符，按前17位计算应为“{expected}”。第9至17位自身校验通过，请重点核对第1至8位和第18位。",
            "The check character in position 18 should be '{expected}' for the seventeen before. Positions 9-17 pass "
            "their own check, so look at 1-8 and 18 first.",
        ),
        Kind.MULTIPLE_CODES: _Message(
            "一个单元格中含有{count}个代码，无法确定属于哪个主体。请一行只填一个代码。",
            "{count} codes in one cell; which subject is meant is unclear. Give one code per row.",
        ),
        Kind.CODE_IN_TEXT: _Message(
            "单元格中除一个有效代码外还有其他文字。请只保留代码。",
            "Other words stand beside one valid code. Keep the code only.",
        ),
        Kind.OTHER: _Message(
            "内容不是统一社会信用代码，也不是可识别的其他登记号码。请对照营业执照重新填写。",
            "Neither a credit code nor a known registration number. Fill it in again from the licence.",
        ),
    }
)


def diagnose(text: str | None) -> Diagnosis:
    """What ``text`` is, where it is wrong, and how it may be repaired. Never raises."""
    kind, normalised = recognise(text)
    code = normalised.text
    positions = _positions(kind, code)
    candidates: tuple[Repair, ...] = ()
    if kind in _REPAIRABLE:
        candidates = repairs(code)
    codes = codes_in(text or "") if kind in (Kind.MULTIPLE_CODES, Kind.CODE_IN_TEXT) else ()
    zh, en = _MESSAGES[kind]
    details = {
        "changes_zh": "、".join(_CHANGES_ZH[change] for change in normalised.changes),
        "changes_en": ", ".join(normalised.changes),
        "positions": ", ".join(map(str, positions)),
        "expected": _expected(kind, code),
        "length": len(code),
        "count": len(codes),
    }
    return Diagnosis(
        kind=kind,
        normalised=None if kind is Kind.RESIDENT_ID else code,
        message_zh=zh.format(**details),
        message_en=en.format(**details),
        changes=normalised.changes,
        positions=positions,
        advisories=advisories_of(code) if kind in (Kind.VALID, Kind.REPAIRED) else (),
        repaired=codes[0] if kind is Kind.CODE_IN_TEXT and len(codes[0]) == LENGTH else single(candidates),
        candidates=candidates,
        codes=codes,
    )


_REPAIRABLE: Final = frozenset(
    {
        Kind.WRONG_LENGTH,
        Kind.WRONG_CHARACTER,
        Kind.WRONG_DEPARTMENT_OR_CATEGORY,
        Kind.WRONG_ORGANISATION_CHECK,
        Kind.WRONG_CHECK,
    }
)


def _positions(kind: Kind, code: str) -> tuple[int, ...]:
    match kind:
        case Kind.WRONG_CHARACTER:
            return wrong_positions(code)
        case Kind.WRONG_DEPARTMENT_OR_CATEGORY:
            return (2,) if code[0] in DEPARTMENTS else (1,)
        case Kind.WRONG_ORGANISATION_CHECK:
            return _ORGANISATION_POSITIONS
        case Kind.WRONG_CHECK:
            return _OUTER_POSITIONS
        case Kind.REGISTRATION_NUMBER_15_BAD_CHECK:
            return (15,)
        case Kind.ORGANISATION_CODE_BAD_CHECK:
            return (9,)
        case _:
            return ()


def _expected(kind: Kind, code: str) -> str:
    """The character the failed check asks for, or an empty text."""
    match kind:
        case Kind.WRONG_CHECK:
            return check_character(code[:17])
        case Kind.WRONG_ORGANISATION_CHECK:
            return organisation_code.check_character(code[8:16])
        case Kind.ORGANISATION_CODE_BAD_CHECK:
            return organisation_code.check_character(code[:8])
        case _:
            return ""
