"""Reading identity codes. The standards' own diagnosis says what is wrong with a code."""

from __future__ import annotations

import re

import polars as pl

from xinyong.catalogue.entry import Severity
from xinyong.intake.checks.reading import NOTHING, Reading, Remark, is_null_text, refused_text
from xinyong.intake.checks.values import CheckContext
from xinyong.standards import (
    credit_code,
    credit_code_bulk,
    credit_code_diagnosis,
    organisation_code,
    registration_number,
    resident_id,
)


def fine_code(text: pl.Series) -> pl.Series:
    return pl.Series(credit_code_bulk.classify(text).verdicts == _VALID)


_VALID = credit_code.KINDS.index(credit_code.Kind.VALID)


def fine_organ(text: pl.Series, fine: pl.Series, context: CheckContext) -> pl.Series:
    if not context.organs:
        return fine
    return fine & text.is_in(list(context.organs)).fill_null(value=False)


def read_credit_code(text: str) -> Reading:
    diagnosis = credit_code_diagnosis.diagnose(text)
    kind, code = diagnosis.kind, diagnosis.normalised
    if kind is credit_code.Kind.VALID:
        return Reading(code)
    if kind is credit_code.Kind.RESIDENT_ID:
        return Reading(remark=Remark("resident-number"))
    if kind is credit_code.Kind.PLACEHOLDER:
        return Reading(remark=Remark("placeholder", Severity.WARNING))
    if kind in (credit_code.Kind.EMPTY, credit_code.Kind.NOT_AVAILABLE) or is_null_text(text):
        return NOTHING
    reason, advice = _sentences(diagnosis.message_zh, "。")
    reason_en, advice_en = _sentences(diagnosis.message_en, ". ")
    details = {"reason": reason, "advice": advice, "reason_en": reason_en, "advice_en": advice_en}
    if kind is credit_code.Kind.REPAIRED:
        return Reading(code, Remark("code-repaired", Severity.WARNING, fix=code or "", details=details))
    fix = diagnosis.repaired or ""
    if code is not None and (resident_id.has_shape(code) or resident_id.has_shape_15(code)):
        fix = ""  # a slip in an identity number must not be mended on the screen
    elif fix and code is not None and len(fix) == len(code):
        slips = [place for place in range(len(fix)) if fix[place] != code[place]]
        details["reason"] = "；".join([*(_slip(place, code, fix) for place in slips), "校验位不符"])
        details["reason_en"] = "; ".join(
            [*(_slip_en(place, code, fix) for place in slips), "the check character fails"]
        )
    return Reading(remark=Remark("code-wrong", fix=fix, details=details, malformed=True))


def _sentences(message: str, stop: str) -> tuple[str, str]:
    first, _, rest = message.partition(stop)
    return first.removesuffix("."), rest.strip().removesuffix("。").removesuffix(".")


def _slip(place: int, code: str, fix: str) -> str:
    return f"第 {place + 1} 位为{_character(code[place])}，应为{_character(fix[place])}"


def _slip_en(place: int, code: str, fix: str) -> str:
    return f"position {place + 1} is {code[place]} and should be {fix[place]}"


def _character(character: str) -> str:
    return f"{'数字' if character.isdigit() else '字母'} {character}"


def read_organ_code(text: str, context: CheckContext) -> Reading:
    reading = read_credit_code(text)
    if reading.remark is not None and reading.remark.code == "placeholder":
        return Reading(remark=Remark("organ-code-placeholder", Severity.WARNING), null_text=True)
    if reading.value is not None and reading.remark is None and context.organs and reading.value not in context.organs:
        return Reading(reading.value, Remark("organ-unknown", Severity.WARNING))
    return reading


def _folded_code(text: str) -> str:
    return credit_code.normalise(text).text


def _is_resident_number(code: str) -> bool:
    return resident_id.is_valid(code) and not credit_code.is_valid(code)


def read_organisation_code(text: str) -> Reading:
    code = _folded_code(text)
    if organisation_code.is_valid(code):
        return Reading(code)
    if is_null_text(text) or not code.strip("0"):
        return NOTHING
    if _is_resident_number(code):
        return Reading(remark=Remark("resident-number"))
    if re.fullmatch(r"[0-9A-Z]{9}", code, re.ASCII) is None:
        reason = {"reason": "组织机构代码应为 9 位数字或字母", "reason_en": "An organisation code has nine characters"}
        return Reading(remark=Remark("organisation-code-wrong", details=reason, malformed=True))
    expected = organisation_code.check_character(code[:8])
    reason = {
        "reason": f"校验码不符，按前 8 位应为 {expected}，已照原文接收",
        "reason_en": f"The check character should be {expected} for the eight before; accepted as sent",
    }
    return Reading(code, Remark("organisation-code-wrong", Severity.WARNING, details=reason))


def read_registration_number(text: str) -> Reading:
    code = _folded_code(text)
    if registration_number.is_valid(code):
        return Reading(code)
    if is_null_text(text) or not code.strip("0"):
        return NOTHING
    if _is_resident_number(code):
        return Reading(remark=Remark("resident-number"))
    if resident_id.has_shape_15(code) or resident_id.has_shape(code):
        return Reading(remark=Remark("registration-number-resident"))
    refused = refused_text(text)
    if refused is not None:
        return refused
    form = registration_number.form_of(code)
    if form is registration_number.RegistrationNumberForm.DIGITS_15:
        expected = registration_number.check_digit(code[:14])
        return Reading(code, Remark("registration-number-check", Severity.WARNING, details={"expected": expected}))
    if form is not None:
        return Reading(code)
    return Reading(text, Remark("registration-number-form", Severity.WARNING))


def read_personal_number(text: str) -> Reading:
    if is_null_text(text):
        return NOTHING
    code = _folded_code(text) or text
    if re.fullmatch(r"[0-9]{17}[0-9X]", code, re.ASCII) and not resident_id.is_valid(code):
        return Reading(code, Remark("personal-number-check", Severity.WARNING))
    return Reading(code)
