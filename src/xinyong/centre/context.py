"""What the frame of the centre shows on every page: who, for whom, and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from xinyong.centre import gate, selectors
from xinyong.centre.selectors import Seat
from xinyong.commitments import selectors as commitments
from xinyong.notices import selectors as notices

#: Entries of the menu: route, words, icon, and the routes below it.
_MENU = (
    ("centre", gettext_lazy("首页"), "home", ()),
    ("centre-file", gettext_lazy("我的信用档案"), "file-text", ("centre-record",)),
    ("centre-reports", gettext_lazy("信用报告"), "file-certificate", ()),
    ("centre-shares", gettext_lazy("信息分享"), "copy", ()),
    ("centre-repairs", gettext_lazy("信用修复"), "tool", ("centre-repair", "centre-check")),
    ("centre-objections", gettext_lazy("异议申诉"), "message-report", ("centre-object", "centre-annulled")),
    ("centre-commitments", gettext_lazy("信用承诺"), "signature", ("centre-commitment",)),
    ("centre-notices", gettext_lazy("变动提醒"), "bell", ()),
    ("centre-authorisations", gettext_lazy("授权管理"), "building-bank", ()),
    ("centre-applies", gettext_lazy("激励与措施"), "award", ()),
    ("centre-queries", gettext_lazy("查询与使用记录"), "history", ()),
    ("centre-delegates", gettext_lazy("经办人与权限"), "users", ()),
    ("centre-accept", gettext_lazy("接受邀请"), "id-badge-2", ()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the menu; ``count``: what waits there."""

    url: str
    words: object
    icon: str
    current: bool
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """``others``: firms the person can change to, as (mandate, name)."""

    seat: Seat | None
    person: str
    others: tuple[tuple[int, str], ...]
    menu: tuple[Entry, ...]


def _count(route: str, seat: Seat | None) -> int:
    if seat is None:
        return 0
    if route == "centre-notices":
        return notices.unread(seat.firm.members)
    return len(commitments.to_sign(seat.firm.members)) if route == "centre-commitments" else 0


def _menu(request: HttpRequest, seat: Seat | None) -> tuple[Entry, ...]:
    here = request.resolver_match.url_name if request.resolver_match else ""
    return tuple(
        Entry(
            url=reverse(route),
            words=words,
            icon=icon,
            current=here == route or here in below,
            count=_count(route, seat),
        )
        for route, words, icon, below in _MENU
        if seat is not None or route == "centre-accept"
    )


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor; asks nothing outside the centre."""
    if not gate.below(request):
        return {}
    visit = gate.visit(request)
    if visit is None:
        return {"centre": Frame(seat=None, person="", others=(), menu=())}
    mandates = selectors.active_mandates(visit.account_id, timezone.now())
    firms = selectors.firm_names([mandate.entity_id for mandate in mandates]) if len(mandates) > 1 else {}
    return {
        "centre": Frame(
            seat=visit.seat,
            person=visit.name,
            menu=_menu(request, visit.seat),
            others=tuple((mandate.pk, firms[mandate.entity_id]) for mandate in mandates if firms),
        )
    }
