"""Examples of the write API: shown in its description and on its page, executed by the tests one by one."""

from __future__ import annotations

from typing import Any

from xinyong.accounts.selectors import RightMissing
from xinyong.api import errors
from xinyong.api.describe import Description, Example
from xinyong.catalogue.errors import DatasetUnknown
from xinyong.intake.api.operations import FILE_TYPES, RecordRefused
from xinyong.intake.api.reads import DatasetNotAllowed
from xinyong.intake.api.schemas import record_schemas
from xinyong.intake.selectors import DeliveryNotFound
from xinyong.ui.problems import MethodNotAllowed

#: A right record of an enterprise that exists nowhere.
RECORD: dict[str, Any] = {
    "CF_XDR_MC": "示例接口有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": "91410700000000019K",
    "CF_FRDB": "示例负责人",
    "CF_WSH": "（示）罚〔2026〕1号",
    "CF_WFXW": "未按规定公示",
    "CF_SY": "当事人未按规定公示有关信息。",
    "CF_YJ": "示例条例第一条",
    "CF_CFLB": ["罚款"],
    "CF_NR": "罚款二百元。",
    "CF_NR_FK": 0.02,
    "CF_JDRQ": "2026-11-20",
    "CF_YXQ": "2099-12-31",
    "CF_CFJG": "示例市某局",
    "CF_CFJGDM": "11410700900000014J",
    "CF_SJLY": "示例市某局",
    "CF_SJLYDM": "11410700900000014J",
}
RECORDS = "/api/v1/datasets/penalty/records"
DELIVERIES = "/api/v1/datasets/penalty/deliveries"
LIST = "/api/v1/deliveries"
ABSENT = "/api/v1/deliveries/demo-20991231-0001"

_NO_KEY = errors.KeyMissing()
_BAD_KEY = errors.KeyRefused()
_QUOTA = errors.QuotaUsedUp(
    what_zh="请求", what_en="requests", window_zh="分钟", window_en="minute", limit=600, seconds=17
)
_ROWS = errors.QuotaUsedUp(
    what_zh="行数", what_en="rows", window_zh="日", window_en="day", limit=5_000_000, seconds=3600
)
_ABSENT = DeliveryNotFound(number="demo-20991231-0001")


def _gate(method: str, path: str) -> list[Example]:
    """What every operation answers at the gate."""
    return [
        Example(
            name="no-key", method=method, path=path, status=401, code="key-missing", set_up="no-key", error=_NO_KEY
        ),
        Example(
            name="bad-key", method=method, path=path, status=401, code="key-refused", set_up="bad-key", error=_BAD_KEY
        ),
        Example(
            name="quota", method=method, path=path, status=429, code="quota-used-up", set_up="requests", error=_QUOTA
        ),
        Example(
            name="method",
            method="DELETE",
            path=path,
            status=405,
            code="method-not-allowed",
            error=MethodNotAllowed(method="DELETE", allowed=method),
        ),
    ]


def _write(path: str) -> list[Example]:
    """What both writing operations answer."""
    body: Any = RECORD if path == RECORDS else [RECORD]
    return [
        Example(
            name="right-missing",
            method="POST",
            path=path,
            body=body,
            status=403,
            code="right-missing",
            set_up="no-right",
            error=RightMissing(right="delivery-submit"),
        ),
        Example(
            name="dataset-not-allowed",
            method="POST",
            path=path.replace("penalty", "licence"),
            body=body,
            status=403,
            code="right-missing",
            error=DatasetNotAllowed(dataset="licence", allowed="penalty"),
        ),
        Example(
            name="dataset-unknown",
            method="POST",
            path=path.replace("penalty", "horoscope"),
            body=body,
            status=404,
            code="dataset-unknown",
            error=DatasetUnknown(dataset="horoscope", known="licence, penalty, registration"),
        ),
        Example(
            name="at-work",
            method="POST",
            path=path,
            body=body,
            headers={"Idempotency-Key": "6f1a0d52-at-work"},
            status=409,
            code="idempotency-busy",
            set_up="at-work",
            error=errors.StillAtWork(),
        ),
        Example(
            name="no-body", method="POST", path=path, status=411, code="length-missing", error=errors.LengthMissing()
        ),
        Example(
            name="media",
            method="POST",
            path=path,
            body=b"<xml/>",
            media="application/xml",
            status=415,
            code="media-type",
            error=errors.MediaType(
                found="application/xml",
                allowed="application/json" if path == RECORDS else ", ".join(("application/json", *FILE_TYPES)),
            ),
        ),
        Example(
            name="key-reused",
            method="POST",
            path=path,
            body={**RECORD, "CF_NR": "罚款三百元。"} if path == RECORDS else [{**RECORD, "CF_NR": "罚款三百元。"}],
            headers={"Idempotency-Key": "6f1a0d52-reused"},
            status=422,
            code="idempotency-key",
            set_up="reused",
            error=errors.KeyReused(
                why_zh="它已用于另一请求（地址或内容不同）。重试请发送同样的内容；新的请求请换新的键。",
                why_en="it was used with another address or body. Repeat the same request, or take a new key for a new one.",
            ),
        ),
        Example(
            name="rows",
            method="POST",
            path=path,
            body=body,
            status=429,
            code="quota-used-up",
            set_up="rows",
            error=_ROWS,
        ),
    ]


_FINDING = {
    "row": 1,
    "field": "CF_JDRQ",
    "column": "CF_JDRQ",
    "value": "2026-13-02",
    "severity": "error",
    "kind": "date",
    "code": "date-impossible",
    "reason_zh": "日期不存在：没有 13 月",
    "reason_en": "There is no such date: month 13",
    "suggestion_zh": "请核对决定书原文，按 YYYY-MM-DD 填写",
    "suggestion_en": "Check the decision and write YYYY-MM-DD",
    "fix": "",
}

EXAMPLES: list[Example] = [
    Example(name="stored", method="POST", path=RECORDS, body=RECORD, status=201),
    Example(name="unchanged", method="POST", path=RECORDS, body=RECORD, status=200, set_up="stored"),
    *_gate("POST", RECORDS),
    *_write(RECORDS),
    Example(
        name="too-large",
        method="POST",
        path=RECORDS,
        body=b'{"CF_NR": "' + b"x" * (1 << 20) + b'"}',
        status=413,
        code="file-too-large",
        error=errors.BodyTooLarge(limit_mib=1, advice_zh="请拆分后分批报送。", advice_en="Deliver it in parts."),
    ),
    Example(
        name="record-refused",
        method="POST",
        path=RECORDS,
        body={**RECORD, "CF_JDRQ": "2026-13-02"},
        status=422,
        code="record-refused",
        error=RecordRefused(
            count=1,
            first_zh="CF_JDRQ 日期不存在：没有 13 月",
            first_en="CF_JDRQ: There is no such date: month 13",
            problem={"findings": [_FINDING]},
        ),
    ),
    Example(
        name="request-invalid",
        method="POST",
        path=RECORDS,
        body={"CF_WSHH": "（示）罚〔2026〕1号"},
        status=422,
        code="request-invalid",
        error=errors.RequestInvalid(
            where="CF_WSHH",
            why_zh="「行政处罚信息」没有这个字段标识。是否为 CF_WSH？",
            why_en="'penalty' has no such field id. Did you mean CF_WSH?",
        ),
    ),
    Example(name="batch", method="POST", path=DELIVERIES, body=[RECORD], status=202),
    Example(
        name="batch-csv",
        method="POST",
        path=DELIVERIES,
        body="行政相对人名称,行政相对人类别\n示例接口有限公司,法人及非法人组织\n".encode(),
        media="text/csv",
        status=202,
    ),
    *_gate("POST", DELIVERIES),
    *_write(DELIVERIES),
    Example(
        name="batch-too-large",
        method="POST",
        path=DELIVERIES,
        body=b" " * ((16 << 20) + 1),
        status=413,
        code="file-too-large",
        error=errors.BodyTooLarge(
            limit_mib=16,
            advice_zh="请拆分后分批报送；特大文件请放入监控文件夹，或由平台管理员用命令行报送。",
            advice_en="Deliver it in parts; very large files go through the watched folder or the command line.",
        ),
    ),
    Example(
        name="batch-invalid",
        method="POST",
        path=DELIVERIES,
        body=RECORD,
        status=422,
        code="request-invalid",
        error=errors.RequestInvalid(
            where="body",
            why_zh="须为 JSON 数组；单条信息请用 records 地址。",
            why_en="it must be a JSON array; a single record goes to the records address.",
        ),
    ),
    Example(name="datasets", method="GET", path="/api/v1/datasets", status=200),
    *_gate("GET", "/api/v1/datasets"),
    Example(name="list", method="GET", path=LIST, status=200),
    *_gate("GET", LIST),
    Example(
        name="list-right",
        method="GET",
        path=LIST,
        status=403,
        code="right-missing",
        set_up="no-right",
        error=RightMissing(right="delivery-view-own"),
    ),
    Example(
        name="list-page",
        method="GET",
        path=f"{LIST}?page=0",
        status=422,
        code="request-invalid",
        error=errors.RequestInvalid(
            where="query.page",
            why_zh="参数不符合要求（Input should be greater than or equal to 1）。",
            why_en="Input should be greater than or equal to 1.",
        ),
    ),
    *(
        example
        for path in (ABSENT, f"{ABSENT}/findings")
        for example in (
            *_gate("GET", path),
            Example(name="absent", method="GET", path=path, status=404, code="not-found", error=_ABSENT),
            Example(
                name="view-right",
                method="GET",
                path=path,
                status=403,
                code="right-missing",
                set_up="no-right",
                error=RightMissing(right="delivery-view-own"),
            ),
        )
    ),
]

_CURL = 'curl -sS https://credit.example.gov.cn{path} \\\n  -H "Authorization: Bearer $XINYONG_KEY"'
COMMANDS = {
    "send_record": _CURL.format(path=RECORDS)
    + ' \\\n  -H "Idempotency-Key: 6f1a0d52-7c1e-4a52" \\\n  --json @record.json',
    "send_delivery": _CURL.format(path=DELIVERIES)
    + ' \\\n  -H "Content-Type: application/x-ndjson" -H "Content-Encoding: gzip" \\\n  --data-binary @penalty.jsonl.gz',
    "list_datasets": _CURL.format(path="/api/v1/datasets"),
    "list_deliveries": _CURL.format(path=f"{LIST}?dataset=penalty"),
    "get_delivery": _CURL.format(path=ABSENT),
    "list_findings": _CURL.format(path=f"{ABSENT}/findings?page=1"),
}


def register() -> None:
    """Tell the description; called once where the router is added."""
    Description.register(EXAMPLES, COMMANDS, [record_schemas])
