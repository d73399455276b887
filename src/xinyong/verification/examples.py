"""Examples of the verification service: shown in its description and on its page, executed by the tests one by one."""

from __future__ import annotations

from typing import Any

from xinyong.accounts.selectors import RightMissing
from xinyong.api import errors
from xinyong.api.describe import Description, Example
from xinyong.ui.problems import MethodNotAllowed
from xinyong.verification.errors import CodeInvalid, EntityUnknown, ItemNotAllowed, ItemUnknown, PersonQuery

KNOWN = "91410700000000019K"
UNKNOWN = "914107000000000359"
WRONG = "91410700000000019L"
_ASK = "purpose=permit&item=food-licence"
ONE = f"/api/v1/verify/{KNOWN}?{_ASK}"
BATCH = "/api/v1/verify"
ITEMS = "/api/v1/verify/items"
BODY: dict[str, Any] = {"purpose": "permit", "item": "food-licence", "case": "XK-2026-0017", "codes": [KNOWN, UNKNOWN]}

_ITEM_UNKNOWN = ItemUnknown(item="horoscope", purpose="permit", known="permit/food-licence、permit/construction-permit")
_NOT_ALLOWED = ItemNotAllowed(item="award", allowed="food-licence")
_NO_PURPOSE = errors.RequestInvalid(
    where="purpose", why_zh="查询非公开信息须写明目的和事项。", why_en="a query must say its purpose and its item."
)


def _gate(method: str, path: str) -> list[Example]:
    body = BODY if method == "POST" else None
    quota = errors.QuotaUsedUp(
        what_zh="请求", what_en="requests", window_zh="分钟", window_en="minute", limit=600, seconds=17
    )
    return [
        Example(
            name=name, method=method, path=path, body=body, status=error.status, code=error.code.value,
            set_up=set_up, error=error,
        )
        for name, set_up, error in (
            ("no-key", "no-key", errors.KeyMissing()),
            ("bad-key", "bad-key", errors.KeyRefused()),
            ("quota", "requests", quota),
            ("right-missing", "no-right", RightMissing(right="verify")),
        )
    ]  # fmt: skip


def _get(name: str, path: str, error: Any) -> Example:
    return Example(name=name, method="GET", path=path, status=error.status, code=error.code.value, error=error)


def _post(name: str, error: Any, **more: Any) -> Example:
    return Example(
        name=name, method="POST", path=BATCH, status=error.status, code=error.code.value, error=error, **more
    )


EXAMPLES: list[Example] = [
    Example(name="known", method="GET", path=ONE, status=200),
    Example(name="case", method="GET", path=f"{ONE}&case=XK-2026-0017", status=200),
    *_gate("GET", ONE),
    _get("no-purpose", f"/api/v1/verify/{KNOWN}", _NO_PURPOSE),
    _get("item-unknown", f"/api/v1/verify/{KNOWN}?purpose=permit&item=horoscope", _ITEM_UNKNOWN),
    _get("item-not-allowed", f"/api/v1/verify/{KNOWN}?purpose=honour&item=award", _NOT_ALLOWED),
    _get(
        "code-invalid",
        f"/api/v1/verify/{WRONG}?{_ASK}",
        CodeInvalid(
            asked=WRONG,
            why_zh="第18位校验码不符，按前17位计算应为“K”。第9至17位自身校验通过，请重点核对第1至8位和第18位。",
            why_en="The check character in position 18 should be 'K' for the seventeen before. Positions 9-17 pass their own "
            "check, so look at 1-8 and 18 first.",
            repaired=KNOWN,
            repaired_zh=f"可能是 {KNOWN}。",
            repaired_en=f" It may be {KNOWN}.",
        ),
    ),
    _get("entity-unknown", f"/api/v1/verify/{UNKNOWN}?{_ASK}", EntityUnknown(asked=UNKNOWN)),
    _get("person-query", f"/api/v1/verify/张三?{_ASK}", PersonQuery()),
    _get(
        "case-wrong",
        f"{ONE}&case=张三",
        errors.RequestInvalid(
            where="case",
            why_zh="办件编号须为 1 至 64 个字母、数字或 . _ / -，不得是姓名或身份证号码。",
            why_en="the case number must be 1 to 64 letters, digits or . _ / - and no name or identity number.",
        ),
    ),
    Example(name="batch", method="POST", path=BATCH, body=BODY, status=200),
    *_gate("POST", BATCH),
    Example(
        name="method",
        method="DELETE",
        path=BATCH,
        status=405,
        code="method-not-allowed",
        error=MethodNotAllowed(method="DELETE", allowed="POST"),
    ),
    _post(
        "rows",
        errors.QuotaUsedUp(
            what_zh="行数", what_en="rows", window_zh="日", window_en="day", limit=5_000_000, seconds=3600
        ),
        body=BODY,
        set_up="rows",
    ),
    _post("item-not-allowed", _NOT_ALLOWED, body={**BODY, "purpose": "honour", "item": "award"}),
    _post(
        "too-many",
        errors.RequestInvalid(
            where="codes",
            why_zh="一次最多 1000 个；更多请按文件核验。",
            why_en="at most 1000 at a time; check more by file.",
        ),
        body={**BODY, "codes": [KNOWN] * 1001},
    ),
    _post("length-missing", errors.LengthMissing(), body=b""),
    _post("media-type", errors.MediaType(found="text/csv", allowed="application/json"), body=b"a,b", media="text/csv"),
    _post(
        "too-large",
        errors.BodyTooLarge(
            limit_mib=0.25,
            advice_zh="一次最多 1000 个代码；更多请按文件核验。",
            advice_en="At most 1 000 codes at a time; check more by file.",
        ),
        body=b" " * ((256 << 10) + 1),
    ),
    Example(name="items", method="GET", path=ITEMS, status=200),
    *_gate("GET", ITEMS),
]

_CURL = 'curl -sS "https://credit.example.gov.cn{path}" \\\n  -H "Authorization: Bearer $XINYONG_KEY"'
COMMANDS = {
    "verify_entity": _CURL.format(path=ONE),
    "verify_batch": _CURL.format(path=BATCH) + " \\\n  --json @codes.json",
    "list_verify_items": _CURL.format(path=ITEMS),
}


def _schemas() -> dict[str, Any]:
    """Schemas the generated document refers to only from hand-written parts."""
    from xinyong.verification.schemas import VerifyBatchIn

    return {"VerifyBatchIn": VerifyBatchIn.model_json_schema(ref_template="#/components/schemas/{model}")}


def register() -> None:
    """Tell the description; called once where the router is added."""
    Description.register(EXAMPLES, COMMANDS, [_schemas])
