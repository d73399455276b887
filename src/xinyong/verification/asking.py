"""From what was sent to an answer or an error: the same for every door. No Django, no database."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinyong.api.errors import RequestInvalid
from xinyong.standards import credit_code, credit_code_diagnosis
from xinyong.verification import answers, rules
from xinyong.verification.answers import Answer, Look, Scope
from xinyong.verification.errors import CodeInvalid, EntityUnknown, ItemNotAllowed, ItemUnknown, PersonQuery

#: Codes in one batch request; more go by file.
BATCH = 1000

_serial = itertools.count()
_process = secrets.token_hex(5)


def query_id() -> str:
    """Names one answer: in the answer, in the audit trail, and where the subject reads who asked."""
    return f"Q{_process}{next(_serial):08x}"


def renew_process() -> None:
    """A forked process takes a name of its own."""
    global _process
    _process = secrets.token_hex(5)


def item_of(purpose: str, item: str, allowed: frozenset[str]) -> rules.Item:
    """The item somebody asks for. Raises RequestInvalid, ItemUnknown, ItemNotAllowed."""
    given = rules.rule_set()
    if not purpose or not item:
        missing = "item" if purpose else "purpose"
        raise RequestInvalid(
            where=missing,
            why_zh="查询非公开信息须写明目的和事项。",
            why_en="a query must say its purpose and its item.",
        )
    found = given.items.get(item)
    if found is None or found.purpose != purpose:
        known = "、".join(f"{one.purpose}/{one.code}" for one in given.items.values())
        raise ItemUnknown(item=item[:60], purpose=purpose[:60], known=known)
    if item not in allowed:
        raise ItemNotAllowed(item=item, allowed="、".join(sorted(allowed)) or "—")
    return found


def case_of(text: str) -> str:
    """The number of the case in the asking system, empty for none. Raises RequestInvalid."""
    if text and (not rules.CASE.fullmatch(text) or rules.of_person(text)):
        raise RequestInvalid(
            where="case",
            why_zh="办件编号须为 1 至 64 个字母、数字或 . _ / -，不得是姓名或身份证号码。",
            why_en="the case number must be 1 to 64 letters, digits or . _ / - and no name or identity number.",
        )
    return text


def wanted(asked: str) -> list[str]:
    """The numbers that will be looked up for what was asked: itself, or what a slip may stand for."""
    if rules.of_person(asked):
        return []
    number = rules.number_of(asked)
    found = credit_code_diagnosis.diagnose(asked)
    if number is not None and (len(number) != 18 or found.valid):
        return [number]
    return [code for code in dict.fromkeys([found.repaired, *(item.code for item in found.candidates)]) if code]


def number_of(asked: str, look: Look | None = None) -> str:
    """The number as it is looked up. Raises PersonQuery, CodeInvalid, which names the one entity a slip may stand for."""
    if rules.of_person(asked):
        raise PersonQuery()
    found = credit_code_diagnosis.diagnose(asked)
    number = rules.number_of(asked)
    if number is None or (len(number) == 18 and not found.valid):
        meant = [code for code in wanted(asked) if look is not None and look(code.encode()) is not None]
        repaired = found.repaired or (meant[0] if len(meant) == 1 else "")
        raise CodeInvalid(
            asked=asked[:40],
            why_zh=found.message_zh,
            why_en=found.message_en,
            repaired=repaired,
            repaired_zh=f"可能是 {repaired}。" if repaired else "",
            repaired_en=f" It may be {repaired}." if repaired else "",
        )
    return number


def find(look: Look, asked: str) -> tuple[bytes, str, str]:
    """Packed value, why it stands under another number, and the number as it was looked up. Raises as :func:`answer` does."""
    value, reason = answers.find(look, asked) if asked.isascii() else (None, "")
    written = asked
    if value is None and not credit_code.is_valid(asked):  # a right code that nobody has needs no diagnosis
        written = number_of(asked, look)
        value, reason = answers.find(look, written)
    if value is None:
        raise EntityUnknown(asked=written)
    return value, reason, written


def answer(look: Look, asked: str, scope: Scope, organ: str, day: int, query: str) -> Answer:
    """The answer to one number. Raises PersonQuery, CodeInvalid, EntityUnknown."""
    value, reason, written = find(look, asked)
    return answers.answer(look, value, reason, written, scope, organ, day, query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch request as read."""

    purpose: str
    item: str
    case: str
    codes: tuple[str, ...]


def batch_of(body: Any) -> Batch:
    """The body of a batch request. Raises RequestInvalid."""

    def refuse(where: str, zh: str, en: str) -> RequestInvalid:
        return RequestInvalid(where=where, why_zh=zh, why_en=en)

    if not isinstance(body, Mapping):
        raise refuse("body", "须为 JSON 对象。", "it must be a JSON object.")
    if unknown := sorted(set(body) - {"purpose", "item", "case", "codes"}):
        raise refuse(str(unknown[0])[:40], "没有这个键。", "there is no such key.")
    texts = {name: body.get(name, "") for name in ("purpose", "item", "case")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise refuse(name, "须为文本。", "it must be a text.")
    codes = body.get("codes")
    if not isinstance(codes, list) or not codes:
        raise refuse("codes", "须为非空数组。", "it must be an array that is not empty.")
    if len(codes) > BATCH:
        raise refuse(
            "codes", f"一次最多 {BATCH} 个；更多请按文件核验。", f"at most {BATCH} at a time; check more by file."
        )
    for place, code in enumerate(codes):
        if not isinstance(code, str) or not code:
            raise refuse(f"codes[{place}]", "须为非空文本。", "it must be a text that is not empty.")
    return Batch(purpose=texts["purpose"], item=texts["item"], case=case_of(texts["case"]), codes=tuple(codes))


__all__ = ["BATCH", "Answer", "Batch", "answer", "batch_of", "case_of", "find", "item_of", "number_of", "query_id"]
