"""Reads for the ways in of the console: what a department may deliver, when it last did, whether a file is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.models import Delivery
from xinyong.intake.upload import incoming as uploads


class DepartmentNeeded(XinyongError):
    """The user belongs to no department and has not said for which one the delivery is."""

    code = ErrorCode.DEPARTMENT_UNKNOWN
    status = 422
    zh = "您的账号不属于任何部门，请先选择代哪个部门报送。"
    en = "Your account belongs to no department: choose the department you deliver for first."


class NotYours(accounts.RightMissing):
    """The department may not deliver this dataset."""

    zh = "「{department}」不报送「{dataset}」。可报送的信息资源见“上传数据”页；如需增加，请联系平台管理员。"
    en = "'{department}' does not deliver '{dataset}'. The page 'Send data' lists what it delivers; the platform operator can add more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The newest delivery of a dataset by the department."""

    number: str
    url: str
    received_at: datetime
    state: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One dataset a department may deliver, and the ways to do it."""

    code: str
    name: str
    deadline: str
    formats: tuple[str, ...]
    limit_mib: int
    upload_url: str
    record_url: str
    template_url: str
    catalogue_url: str
    last: Last | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The page that opens every delivery."""

    department: str
    slug: str
    ways: tuple[Way, ...]
    departments: tuple[tuple[str, str], ...]


def department_of(user: User, slug: str) -> Department:
    """For whom the user delivers: the own department, or, for one who sees all, the one named. Raises DepartmentNeeded."""
    accounts.require(user, Right.DELIVERY_SUBMIT)
    if user.department is not None:
        return user.department
    accounts.require(user, Right.DELIVERY_VIEW_ALL)
    if not slug:
        raise DepartmentNeeded()
    return accounts.department(slug)


def entry_of(department: Department, dataset: str) -> DatasetEntry | BundleEntry:
    """The entry in force today, if the department delivers it. Raises NotYours and the catalogue's errors."""
    entry = catalogue.entry(dataset, timezone.localdate())
    if department.datasets and dataset not in department.datasets:
        raise NotYours(department=department.name_zh, dataset=entry.name_zh, right=Right.DELIVERY_SUBMIT.value)
    return entry


def _deadline(entry: DatasetEntry | BundleEntry, english: bool) -> str:
    if isinstance(entry, BundleEntry) or not entry.deadlines:
        return ""
    shortest = min(entry.deadlines, key=lambda item: item.working_days)
    if english:
        return f"{shortest.working_days} working days from the decision"
    return f"自作出决定之日起 {shortest.working_days} 个工作日"


def _template(entry: DatasetEntry) -> str:
    """Address of the workbook template people fill in: the newest layout whose columns are Chinese."""
    usable = [layout for layout in entry.layouts if layout.valid_until is None] or list(entry.layouts)
    chosen = max(usable, key=lambda layout: sum(not column.column.isascii() for column in layout.columns))
    try:
        return reverse("catalogue-template", args=[entry.code, chosen.code])
    except NoReverseMatch:
        return ""


def way(department: Department, entry: DatasetEntry | BundleEntry, language: str, last: Last | None = None) -> Way:
    """One dataset with its addresses."""
    english = language == "en"
    single = isinstance(entry, DatasetEntry)
    query = f"?department={department.slug}"
    return Way(
        code=entry.code,
        name=entry.name_en if english else entry.name_zh,
        deadline=_deadline(entry, english),
        formats=tuple(item.upper() for item in entry.formats) if isinstance(entry, DatasetEntry) else ("CSV", "JSONL"),
        limit_mib=uploads.limit_bytes() >> 20,
        upload_url=reverse("upload", args=[entry.code]) + query,
        record_url=reverse("record", args=[entry.code]) + query if single else "",
        template_url=_template(entry) if isinstance(entry, DatasetEntry) else "",
        catalogue_url=reverse("catalogue-entry", args=[entry.code]) if single else "",
        last=last,
    )


def ways(user: User, slug: str, language: str) -> Ways:
    """Every dataset the user's department may deliver today. Raises RightMissing."""
    accounts.require(user, Right.DELIVERY_SUBMIT)
    english = language == "en"
    departments: tuple[tuple[str, str], ...] = ()
    if user.department is None:
        accounts.require(user, Right.DELIVERY_VIEW_ALL)
        departments = tuple(
            (item.slug, (item.name_en or item.name_zh) if english else item.name_zh)
            for item in Department.objects.all()
        )
        if not slug:
            return Ways(department="", slug="", ways=(), departments=departments)
    department = department_of(user, slug)
    newest: dict[str, Last] = {}
    # DISTINCT ON over the index of the department: one row a dataset, whatever the number of deliveries.
    for item in Delivery.objects.filter(department=department).order_by("dataset_code", "-id").distinct("dataset_code"):
        newest[item.dataset_code] = Last(
            number=item.number,
            url=reverse("delivery", args=[item.number]),
            received_at=item.received_at,
            state=item.state,
            file_name=item.file_name,
        )
    today = timezone.localdate()
    packaged = catalogue.packaged()
    entries: list[DatasetEntry | BundleEntry] = [*packaged.in_force(today)]
    entries += [bundle for bundle in packaged.bundles.values() if bundle.effective_from <= today]
    allowed = [entry for entry in entries if not department.datasets or entry.code in department.datasets]
    return Ways(
        department=(department.name_en or department.name_zh) if english else department.name_zh,
        slug=department.slug,
        ways=tuple(way(department, entry, language, newest.get(entry.code)) for entry in allowed),
        departments=departments,
    )


def known(department: Department, dataset: str, sha256: str) -> Delivery | None:
    """The newest delivery of this very file, unless it was refused: a refused file may be sent again."""
    return (
        Delivery.objects.filter(department=department, dataset_code=dataset, sha256=sha256)
        .exclude(state=Delivery.State.REFUSED)
        .order_by("-id")
        .first()
    )
