"""Examples of the joint-work operations, executed by the tests one by one."""

from __future__ import annotations

from typing import Any

from xinyong.accounts.selectors import RightMissing
from xinyong.api import errors
from xinyong.api.describe import Description, Example
from xinyong.errors import XinyongError
from xinyong.lists.errors import CaseChanged, ListUnknown, MeasureRefused
from xinyong.registry import keys
from xinyong.verification.errors import EntityUnknown, ItemNotAllowed
from xinyong.verification.examples import KNOWN, UNKNOWN

WORK = "/api/v1/joint-work"
ONE = f"{WORK}/999999999"
WORDS = f"{WORK}/vocabulary"
DECISION: dict[str, Any] = {
    "code": KNOWN, "record": keys.record_key(1), "measure": "HN-32-1", "item": "food-licence", "matter": "XK-2026-0017",
    "officer": "0173", "decision": "applied", "reason": "在列的严重失信主体，依法列为重点审查对象",
    "relation": "许可审查内容与失信行为直接相关", "notice": "示审告〔2026〕8号", "notice_served_on": "2026-11-20",
    "notice_says": ["basis", "reason", "relief"],
}  # fmt: skip
DONE: dict[str, Any] = {
    "seen": 1, "officer": "0173", "executed_on": "2026-11-24", "result": "已列为重点审查对象", "document": "示审〔2026〕5号",
}  # fmt: skip
LIFTED: dict[str, Any] = {"seen": 3, "officer": "0173", "lifted_on": "2026-11-26", "note": "已恢复一般审查"}

_REFUSED = MeasureRefused(why_zh="该主体没有这一条名单或者失信记录", why_en="the entity has no such entry")
_CHANGED = CaseChanged(
    who="platform",
    at="2026-11-26 10:00:00",
    step="解除通知",
    step_en="To be lifted",
    state_zh="待解除",
    state_en="To be lifted",
)
_QUOTA = errors.QuotaUsedUp(
    what_zh="请求", what_en="requests", window_zh="分钟", window_en="minute", limit=600, seconds=17
)
_INVALID = errors.RequestInvalid(
    where="body.officer",
    why_zh="参数不符合要求（String should match pattern）。",
    why_en="String should match pattern.",
)
_KEY = errors.KeyReused(why_zh="它已用于另一请求。", why_en="it was used with another address or body.")


def _example(name: str, method: str, path: str, body: Any, error: XinyongError, set_up: str = "") -> Example:
    return Example(
        name=name, method=method, path=path, body=body, status=error.status, code=error.code.value, set_up=set_up,
        error=error,
    )  # fmt: skip


def _gate(method: str, path: str, body: Any = None) -> list[Example]:
    return [
        _example(name, method, path, body, error, set_up)
        for name, set_up, error in (
            ("no-key", "no-key", errors.KeyMissing()),
            ("bad-key", "bad-key", errors.KeyRefused()),
            ("quota", "requests", _QUOTA),
            ("right-missing", "no-right", RightMissing(right="measure-decide")),
        )
    ]


def _invalid(path: str, body: dict[str, Any]) -> list[Example]:
    return [
        _example("request-invalid", "POST", path, {**body, "officer": "张三"}, _INVALID),
        _example("no-json", "POST", path, b"{", errors.RequestInvalid(
            where="body", why_zh="不是有效的 JSON。", why_en="not valid JSON (Cannot parse request body)."
        )),
        _example("too-large", "POST", path, b" " * (3 << 20), errors.BodyTooLarge(
            limit_mib=2.5, advice_zh="请缩短内容。", advice_en="Shorten it."
        )),
    ]  # fmt: skip


#: Not executed: what needs a piece of work at a certain point, which tests of their own bring about.
TOLD: list[Example] = [
    _example("changed", "POST", f"{ONE}/execution", DONE, _CHANGED),
    _example("changed", "POST", f"{ONE}/lifting", LIFTED, _CHANGED),
    _example("still-at-work", "POST", WORK, DECISION, errors.StillAtWork()),
    _example("key-reused", "POST", WORK, DECISION, _KEY),
    _example("key-reused", "POST", f"{ONE}/execution", DONE, _KEY),
    _example("key-reused", "POST", f"{ONE}/lifting", LIFTED, _KEY),
]

EXAMPLES: list[Example] = [
    Example(name="vocabulary", method="GET", path=WORDS, status=200),
    *_gate("GET", WORDS),
    Example(name="list", method="GET", path=f"{WORK}?state=lift_due", status=200),
    *_gate("GET", f"{WORK}?state=lift_due"),
    _example("page-wrong", "GET", f"{WORK}?page=0", None, errors.RequestInvalid(
        where="query.page", why_zh="参数不符合要求（Input should be greater than or equal to 1）。",
        why_en="Input should be greater than or equal to 1.",
    )),
    *_gate("GET", ONE),
    _example("unknown", "GET", ONE, None, ListUnknown(name="joint 999999999")),
    _example("number-wrong", "GET", f"{WORK}/x", None, errors.RequestInvalid(
        where="path.number", why_zh="参数不符合要求（Input should be a valid integer）。",
        why_en="Input should be a valid integer.",
    )),
    *_gate("POST", WORK, DECISION),
    *_invalid(WORK, DECISION),
    _example("entity-unknown", "POST", WORK, {**DECISION, "code": UNKNOWN}, EntityUnknown(asked=UNKNOWN)),
    _example("item-not-allowed", "POST", WORK, {**DECISION, "item": "award"},
             ItemNotAllowed(item="award", allowed="food-licence")),
    _example("refused", "POST", WORK, DECISION, _REFUSED),
    *_gate("POST", f"{ONE}/execution", DONE),
    *_invalid(f"{ONE}/execution", DONE),
    _example("unknown", "POST", f"{ONE}/execution", DONE, ListUnknown(name="joint 999999999")),
    *_gate("POST", f"{ONE}/lifting", LIFTED),
    *_invalid(f"{ONE}/lifting", LIFTED),
    _example("unknown", "POST", f"{ONE}/lifting", LIFTED, ListUnknown(name="joint 999999999")),
]  # fmt: skip

_CURL = 'curl -sS "https://credit.example.gov.cn{path}" \\\n  -H "Authorization: Bearer $XINYONG_KEY"'
COMMANDS = {
    "joint_vocabulary": _CURL.format(path=WORDS),
    "list_joint_work": _CURL.format(path=f"{WORK}?state=lift_due"),
    "get_joint_work": _CURL.format(path=f"{WORK}/17"),
    "decide_joint_work": _CURL.format(path=WORK) + " \\\n  --json @decision.json",
    "execute_joint_work": _CURL.format(path=f"{WORK}/17/execution") + " \\\n  --json @execution.json",
    "lift_joint_work": _CURL.format(path=f"{WORK}/17/lifting") + " \\\n  --json @lifting.json",
}


def register() -> None:
    """Tell the description; called once where the router is added."""
    Description.register([*EXAMPLES, *TOLD], COMMANDS)
