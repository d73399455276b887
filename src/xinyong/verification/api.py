"""The verification service on the site's own API: one number, a batch, and the items a client may ask for."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.api.errors import BodyTooLarge, LengthMissing, MediaType, RequestInvalid
from xinyong.api.gate import charge, require_rows
from xinyong.errors import XinyongError
from xinyong.verification import actions, answers, asking, rules, source
from xinyong.verification.errors import EntityUnknown, PersonQuery
from xinyong.verification.schemas import ItemsOut, VerifyBatchOut, VerifyOut

#: Largest batch body, bytes: a thousand codes and room for the rest.
BODY_LIMIT = 256 << 10

router = Router(tags=["verification"])
Code = Annotated[
    str,
    InPath(
        max_length=100,
        description="统一社会信用代码、注册号、组织机构代码或主体编号。 / Unified credit code, registration number, organisation code or public id.",
    ),
]
Purpose = Annotated[str, Query(max_length=60, description="目的，如 permit。 / Purpose, e.g. permit.")]
ItemCode = Annotated[str, Query(max_length=60, description="事项，如 food-licence。 / Item, e.g. food-licence.")]
Case = Annotated[
    str,
    Query(
        max_length=64,
        description="来查系统的办件编号，记入查询记录。 / Number of the case, kept in the log of queries.",
    ),
]


def _caller(request: HttpRequest) -> Caller:
    caller = cast(Caller, request.auth)  # type: ignore[attr-defined]  # set by the gate
    caller.require(Right.VERIFY)
    return caller


def _answer(body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def items_of(caller: Caller) -> dict[str, Any]:
    """Items a client may ask for, with purpose, scope and basis."""
    given = rules.rule_set()
    items = []
    for item in given.items.values():
        if item.code not in caller.items:
            continue
        purpose = given.purposes[item.purpose]
        items.append(
            {
                "purpose": purpose.code,
                "purpose_zh": purpose.zh,
                "purpose_en": purpose.en,
                "item": item.code,
                "zh": item.zh,
                "en": item.en,
                "sees": sorted(item.sees),
                "shared": sorted(item.shared),
                "basis": [basis.as_dict() for basis in (item.basis, *purpose.basis)],
            }
        )
    return {"items": items, "rules": given.digest}


@router.get(
    "/verify/items",
    operation_id="list_verify_items",
    url_name="list_verify_items",
    summary="可核验的事项 / Items this client may verify for",
    description="每个事项的目的、可查范围和依据。 / Purpose, scope and basis of each item.",
    response=ItemsOut,
)
def list_verify_items(request: HttpRequest) -> dict[str, Any]:
    """Items of the calling client."""
    caller = _caller(request)
    return items_of(caller)


@router.get(
    "/verify/{code}",
    operation_id="verify_entity",
    url_name="verify_entity",
    summary="核验一个主体 / Verify one entity",
    description="按目的和事项答复适用的公示信息、名单和措施，各带依据、来源和截止日期；并写明答复所依据的数据和规则版本。代码已变更或主体已归并的，"
    "按现在的主体答复并说明。每次答复记一条查询记录，主体可以看到。 / Which public facts, list entries and measures apply for this purpose "
    "and item, each with basis, source and end, and the versions of data and rules that answered. A former or merged number is "
    "answered by the entity of today, and says so. Every answer leaves one row in the log of queries, which the subject can read.",
    response=VerifyOut,
    by_alias=True,
)
def verify(
    request: HttpRequest, code: Code, purpose: Purpose = "", item: ItemCode = "", case: Case = ""
) -> HttpResponse:
    """One number."""
    caller = _caller(request)
    wanted = asking.item_of(purpose, item, caller.items)
    case = asking.case_of(case)
    now = time.time()
    scope = source.scopes(source.datasets())[wanted.code]
    query = asking.query_id()
    with source.looking(asking.wanted(code), now) as (look, stands):
        found = asking.answer(look, code, scope, caller.department_name, answers.today(now), query)
    asked = actions.Asked(actor=caller.actor, department=caller.department_slug, item=wanted, case=case)
    actions.record([actions.row(asked, query, found, stands)])
    return _answer(answers.whole(found, stands, now))


@router.post(
    "/verify",
    operation_id="verify_batch",
    url_name="verify_batch",
    summary="核验一批主体 / Verify a batch",
    description="一次最多 1000 个代码，按顺序逐个答复；不能答复的写明原因。每个答复各记一条查询记录。 / At most 1 000 numbers, answered in "
    "their order; one that has no answer says why. Every answer leaves a row of its own in the log of queries.",
    response=VerifyBatchOut,
    by_alias=True,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VerifyBatchIn"}}},
        }
    },
)
def verify_batch(request: HttpRequest) -> HttpResponse:
    """Many numbers."""
    caller = _caller(request)
    batch = asking.batch_of(_body(request))
    wanted = asking.item_of(batch.purpose, batch.item, caller.items)
    require_rows(request, caller)
    charge(request, caller, requests=0, rows=len(batch.codes))
    now = time.time()
    scope = source.scopes(source.datasets())[wanted.code]
    asked = actions.Asked(actor=caller.actor, department=caller.department_slug, item=wanted, case=batch.case)
    bodies, rows = [], []
    numbers = [number for code in batch.codes for number in asking.wanted(code)]
    with source.looking(numbers, now) as (look, stands):
        for code in batch.codes:
            query = asking.query_id()
            try:
                found = asking.answer(look, code, scope, caller.department_name, answers.today(now), query)
            except XinyongError as error:
                bodies.append(no_answer(code, error))
                continue
            rows.append(actions.row(asked, query, found, stands))
            bodies.append(b"{%b}" % found.body)
    actions.record(rows)
    return _answer(b'{"answers":[%b],%b}' % (b",".join(bodies), answers.versions(stands, now)))


def no_answer(asked: str, error: XinyongError) -> bytes:
    """Why a number of a batch has no answer. A person's number or name is not repeated."""
    outcome = "unknown" if isinstance(error, EntityUnknown) else "invalid"
    personal = isinstance(error, PersonQuery)
    value = {
        "asked": None if personal else asked,
        "outcome": "refused" if personal else outcome,
        "error": {
            "code": error.code.value,
            "message_zh": error.message("zh"),
            "message_en": error.message("en"),
            "data": {key: str(value) for key, value in error.data.items()},
        },
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _body(request: HttpRequest) -> Any:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or int(length) == 0:
        raise LengthMissing()
    if (request.content_type or "").lower() != "application/json":
        raise MediaType(found=request.content_type or "-", allowed="application/json")
    if int(length) > BODY_LIMIT:
        raise BodyTooLarge(
            limit_mib=BODY_LIMIT / (1 << 20),
            advice_zh="一次最多 1000 个代码；更多请按文件核验。",
            advice_en="At most 1 000 codes at a time; check more by file.",
        )
    return parse(request.body)


def parse(body: bytes) -> Any:
    """A JSON body. Raises RequestInvalid."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestInvalid(
            where="body", why_zh=f"不是有效的 JSON：{error}", why_en=f"not valid JSON: {error}"
        ) from error
