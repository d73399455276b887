"""The write API: one record, batches, receipts and findings, under /api/v1/."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router
from ninja import Schema as NinjaSchema

from xinyong.accounts import selectors as accounts
from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.api import once
from xinyong.api.errors import MediaType, RequestInvalid
from xinyong.api.gate import charge, require_rows
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import actions
from xinyong.intake.api import reads as api_reads
from xinyong.intake.api.schemas import (
    DatasetsOut,
    DeliveriesOut,
    DeliveryOut,
    FindingsOut,
    RecordOut,
)
from xinyong.intake.models import Delivery
from xinyong.intake.record import lines as records
from xinyong.intake.upload import incoming as uploads
from xinyong.ledger import corridor

#: Largest single record, bytes: the longest lawful decision text as UTF-8 and room for the rest.
RECORD_LIMIT = 1 << 20
#: Largest JSON array, bytes: it is read whole. JSON Lines have no such bound.
ARRAY_LIMIT = 16 << 20
#: A record is answered within the request; when another worker took it up, the answer waits so long, seconds.
PATIENCE = 20.0

FILE_TYPES = {
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/gzip": "gz",
}
BATCH_TYPES = ("application/json", *FILE_TYPES, "multipart/form-data")

_FINAL = (Delivery.State.COMMITTED, Delivery.State.REFUSED, Delivery.State.HELD, Delivery.State.FAILED)

router = Router(tags=["deliveries"])
Dataset = Annotated[
    str, InPath(description="信息资源代码，如 penalty。 / Dataset or bundle code of the catalogue, e.g. penalty.")
]
Number = Annotated[str, InPath(description="批次号。 / Number of the delivery.")]
Page = Annotated[int, Query(ge=1, le=100_000, description="页码，从 1 起。 / Page, from 1.")]


class RecordRefused(XinyongError):
    """The single record was returned: the findings say which field, which value, why, and what to do."""

    code = ErrorCode.RECORD_REFUSED
    status = 422
    zh = "该条信息未入库，共 {count} 处问题，见 findings：{first_zh}"
    en = "The record was not stored; {count} finding(s), see findings: {first_en}"


def _caller(request: HttpRequest) -> Caller:
    return cast(Caller, request.auth)  # type: ignore[attr-defined]  # set by the gate


def _media(request: HttpRequest) -> str:
    return (request.content_type or "").lower()


def _fingerprint(request: HttpRequest, sha256: str) -> str:
    return hashlib.sha256(f"{request.method} {request.path} {sha256}".encode()).hexdigest()


def _answer(value: NinjaSchema, status: int, location: str = "") -> HttpResponse:
    response = HttpResponse(
        json.dumps(value.model_dump(mode="json"), ensure_ascii=False), status=status, content_type="application/json"
    )
    response["Cache-Control"] = "no-store"
    if location:
        response["Location"] = location
    return response


def _once(request: HttpRequest, caller: Caller, sha256: str, work: Callable[[str], HttpResponse]) -> HttpResponse:
    """Do the work under the request's idempotency key. ``work`` is told the origin the key gives a delivery."""
    from xinyong.ui import errors

    key = once.key_of(request.headers.get("Idempotency-Key"))
    with once.turn(caller, key, _fingerprint(request, sha256)) as turn:
        if turn.answer is not None:
            return turn.answer
        try:
            response = work(f"request:{turn.row.pk}" if turn.row is not None else "")
        except XinyongError as error:
            response = errors.answer(request, error)
            if error.status >= 500 or error.status == 429:
                raise
        turn.keep(response)
        return response


def _receive(caller: Caller, spooled: uploads.Spooled, dataset: str, origin: str, *, announce: bool = True) -> Delivery:
    return actions.receive(
        spooled.path,
        dataset=dataset,
        department=accounts.department(caller.department_slug),
        uploader=caller.actor,
        channel=Delivery.Channel.API,
        file_name=spooled.name,
        origin=origin,
        announce=announce,
    )


@router.post(
    "/datasets/{dataset}/records",
    operation_id="send_record",
    url_name="send_record",
    summary="报送一条信息 / Send one record",
    description="请求内即给出结果：入库（201）、内容未变（200），或退回并逐项说明（422）。每条自成一个批次，有批次号和回执。"
    "键为信息资源的字段标识，未写的字段视为空。 / The record is stored (201), found unchanged (200), or returned with "
    "findings (422) within the request. It is a delivery of its own with number and receipt. Keys are field ids of the "
    "dataset; absent fields are empty.",
    response={200: RecordOut, 201: RecordOut, 202: RecordOut},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Record"}}},
        },
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "schema": {"type": "string", "maxLength": 255},
                "description": "使请求可以安全重试；不带时，重复的信息按业务主键判为未变。 / Makes the request safe to repeat. "
                "Without it a repeat is `unchanged` by the business key.",
            }
        ],
    },
)
def send_record(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """One record, answered within the request."""
    caller = _caller(request)
    caller.require(Right.DELIVERY_SUBMIT)
    entry = api_reads.entry_for(caller, dataset)
    if isinstance(entry, BundleEntry):
        raise RequestInvalid(
            where="dataset",
            why_zh="多类合并文件只能按批报送；单条信息请报送到对应的信息资源。",
            why_en="files of several datasets go as deliveries; send a record to its own dataset.",
        )
    uploads.require_body(request)
    if _media(request) != "application/json":
        raise MediaType(found=_media(request) or "-", allowed="application/json")
    body = uploads.read_small(request, RECORD_LIMIT)
    require_rows(request, caller)

    def work(origin: str) -> HttpResponse:
        record = records.parse(body)
        records.check_names(entry, record)
        with uploads.spool_bytes(records.line(entry, record), "record.jsonl", 1) as spooled:
            charge(request, caller, requests=0, rows=1)
            # Taken in here: a worker that hears of it would only get in the way. One that looks finds it if this dies.
            delivery = _receive(caller, spooled, entry.code, origin, announce=False)
        return _record_answer(_settled(delivery, entry))

    return _once(request, caller, hashlib.sha256(body).hexdigest(), work)


def _settled(delivery: Delivery, entry: DatasetEntry) -> Delivery:
    """Take the record in here and now, or wait for the worker that was faster."""
    if delivery.state not in _FINAL or delivery.state == Delivery.State.FAILED:
        try:
            actions.process(delivery, entry)
            corridor.announce()
        except actions.DeliveryBusy:
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                time.sleep(0.02)
                delivery.refresh_from_db()
                if delivery.state in _FINAL:
                    break
    delivery.refresh_from_db()
    if delivery.state == Delivery.State.REFUSED:
        failure = delivery.failure
        raise actions.DeliveryRefused(
            number=delivery.number,
            why_zh=failure.get("message_zh", ""),
            why_en=failure.get("message_en", ""),
            problem={"delivery": api_reads.receipt(delivery).model_dump(mode="json")},
        )
    return delivery


def _record_answer(delivery: Delivery) -> HttpResponse:
    receipt = api_reads.receipt(delivery)
    found = api_reads.few_findings(delivery)
    if delivery.rejected:
        wrong = [item for item in found if item.severity == "error"] or found
        first = wrong[0] if wrong else None
        raise RecordRefused(
            count=len(wrong),
            first_zh=f"{first.column or first.field} {first.reason_zh}" if first else "-",
            first_en=f"{first.column or first.field}: {first.reason_en}" if first else "-",
            problem={
                "findings": [item.model_dump(mode="json") for item in found],
                "delivery": receipt.model_dump(mode="json"),
            },
        )
    committed = delivery.state == Delivery.State.COMMITTED
    outcome = ("stored" if delivery.accepted else "unchanged") if committed else delivery.state
    status = (201 if delivery.accepted else 200) if committed else 202
    answer = RecordOut(outcome=outcome, record=api_reads.stored(delivery), findings=found, delivery=receipt)
    return _answer(answer, status, receipt.url)


_FILE_BODY = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/datasets/{dataset}/deliveries",
    operation_id="send_delivery",
    url_name="send_delivery",
    summary="报送一批 / Send a batch",
    description="立即保存、编号并答复 202；处理进度和回执见 Location。可为 JSON 数组（16 MiB 以内）、JSON Lines、CSV、XLSX，"
    "JSON Lines 和 CSV 可用 gzip 压缩；也可用表单字段 file 上传。列名可用该信息资源的任一版式。 / The batch is kept, numbered "
    "and answered with 202 at once; the receipt at Location tells how far it is. A JSON array (up to 16 MiB), JSON Lines, "
    "CSV or XLSX, JSON Lines and CSV also packed with gzip; or a form with the field `file`. Columns may be those of any "
    "layout of the dataset.",
    response={202: DeliveryOut},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}},
                },
                **{media: _FILE_BODY for media in FILE_TYPES},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "format": "binary"}},
                    }
                },
            },
        },
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "schema": {"type": "string", "maxLength": 255},
                "description": "使请求可以安全重试。 / Makes the request safe to repeat.",
            },
            {
                "in": "header",
                "name": "Content-Encoding",
                "required": False,
                "schema": {"type": "string", "enum": ["gzip", "identity"]},
                "description": "gzip：内容为压缩的 JSON Lines 或 CSV。 / gzip for a packed JSON Lines or CSV body.",
            },
        ],
    },
)
def send_delivery(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """A batch, kept and answered at once."""
    caller = _caller(request)
    caller.require(Right.DELIVERY_SUBMIT)
    entry = api_reads.entry_for(caller, dataset)
    media = _media(request)
    packed = request.headers.get("Content-Encoding", "identity").strip().lower()
    uploads.require_body(request)
    if media not in BATCH_TYPES:
        raise MediaType(found=media or "-", allowed=", ".join(BATCH_TYPES))
    if packed not in ("gzip", "identity") or (
        packed == "gzip" and media in ("application/json", "multipart/form-data")
    ):
        raise MediaType(found=f"{media} ({packed})", allowed="gzip: application/x-ndjson, text/csv")
    require_rows(request, caller)
    with _spooled(request, entry, media, packed) as (spooled, sha256):

        def work(origin: str) -> HttpResponse:
            delivery = _receive(caller, spooled, entry.code, origin)
            charge(request, caller, requests=0, rows=spooled.rows)
            answer = api_reads.receipt(delivery)
            return _answer(answer, 202, answer.url)

        return _once(request, caller, sha256, work)


@contextlib.contextmanager
def _spooled(
    request: HttpRequest, entry: DatasetEntry | BundleEntry, media: str, packed: str
) -> Iterator[tuple[uploads.Spooled, str]]:
    """The batch as a file and the digest of what was sent."""
    if media == "application/json":
        body = uploads.read_small(request, ARRAY_LIMIT)
        found: Any = records.parse(body)
        if not isinstance(found, list):
            raise RequestInvalid(
                where="body",
                why_zh="须为 JSON 数组；单条信息请用 records 地址。",
                why_en="it must be a JSON array; a single record goes to the records address.",
            )
        made = records.lines(entry if isinstance(entry, DatasetEntry) else None, found)
        with uploads.spool_bytes(made, "delivery.jsonl", max(1, len(found))) as spooled:
            yield spooled, hashlib.sha256(body).hexdigest()
    elif media == "multipart/form-data":
        uploads.prepare_form(request)
        with uploads.spool_form(request) as form:
            if form is None:
                raise RequestInvalid(
                    where="file", why_zh="表单中没有名为 file 的文件。", why_en="the form has no file named 'file'."
                )
            yield form, form.sha256
    else:
        suffix = FILE_TYPES[media] + (".gz" if packed == "gzip" else "")
        with uploads.spool_body(request, f"delivery.{suffix}") as spooled:
            yield spooled, spooled.sha256


@router.get(
    "/datasets",
    operation_id="list_datasets",
    url_name="list_datasets",
    summary="可报送的信息资源 / Datasets this client may deliver",
    description="含各信息资源的 JSON Schema 地址。 / With the address of each dataset's JSON Schema.",
    response=DatasetsOut,
)
def list_datasets(request: HttpRequest) -> DatasetsOut:
    """Datasets of the calling client."""
    return DatasetsOut(datasets=api_reads.datasets(_caller(request)))


@router.get(
    "/deliveries",
    operation_id="list_deliveries",
    url_name="list_deliveries",
    summary="本部门经接口报送的批次 / Own deliveries",
    description="最新在前，每页 20 批。 / Deliveries of the department through the API, newest first, 20 a page.",
    response=DeliveriesOut,
)
def list_deliveries(
    request: HttpRequest,
    dataset: Annotated[str, Query(max_length=60, description="只看这一信息资源。 / Only this dataset.")] = "",
    state: Annotated[str, Query(max_length=20, description="只看这一状态。 / Only this state.")] = "",
    page: Page = 1,
) -> DeliveriesOut:
    """A page of deliveries."""
    return api_reads.deliveries(_caller(request), dataset.replace("\0", ""), state.replace("\0", ""), page)


@router.get(
    "/deliveries/{number}",
    operation_id="get_delivery",
    url_name="get_delivery",
    summary="批次回执 / Receipt of a delivery",
    description="处理到哪一步；入库后每一行的去向。其他部门的批次答复 404。 / How far it is, and once committed what became of "
    "every row. Another department's delivery answers 404.",
    response=DeliveryOut,
)
def get_delivery(request: HttpRequest, number: Number) -> DeliveryOut:
    """The receipt."""
    return api_reads.receipt(api_reads.delivery(_caller(request), number))


@router.get(
    "/deliveries/{number}/findings",
    operation_id="list_findings",
    url_name="list_findings",
    summary="逐行问题 / Findings of a delivery",
    description="按文件中的顺序，每页 200 条。 / Remarks on its rows in the order of the file, 200 a page.",
    response=FindingsOut,
)
def list_findings(request: HttpRequest, number: Number, page: Page = 1) -> FindingsOut:
    """A page of findings."""
    return api_reads.findings(api_reads.delivery(_caller(request), number), page)
