"""The page 报送节律 of the console, and the declaration of zero on it."""

from __future__ import annotations

import csv
import io

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.intake import actions
from xinyong.intake.rhythm import selectors as rhythm_selectors
from xinyong.runtime import clock
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


class ZeroForm(forms.Form):
    """A period in which the department has nothing to deliver."""

    dataset = forms.CharField(max_length=60, error_messages={"required": gettext_lazy("请选择信息资源。")})
    from_day = forms.DateField(
        error_messages={
            "required": gettext_lazy("请填写起日。"),
            "invalid": gettext_lazy("请按 2026-01-31 的格式填写。"),
        }
    )
    to_day = forms.DateField(
        error_messages={
            "required": gettext_lazy("请填写止日。"),
            "invalid": gettext_lazy("请按 2026-01-31 的格式填写。"),
        }
    )
    note = forms.CharField(max_length=500, required=False)

    def clean_dataset(self) -> str:
        """Only what the catalogue takes today."""
        value: str = self.cleaned_data["dataset"]
        if value not in {item.code for item in catalogue.packaged().in_force(clock.today())}:
            raise forms.ValidationError(_("目录中没有这项信息资源。"))
        return value

    def clean(self) -> dict[str, object]:
        """The period has an order and lies in the past."""
        values = self.cleaned_data
        first, last = values.get("from_day"), values.get("to_day")
        if first and last and first > last:
            self.add_error("to_day", _("止日早于起日。"))
        if last and last > clock.today():
            self.add_error("to_day", _("止日不得晚于今天。"))
        return values


def _shown(request: HttpRequest, user: User, form: ZeroForm, status: int = 200) -> HttpResponse:
    asked = request.GET
    found = rhythm_selectors.page(
        user, asked.get("state", ""), asked.get("department", ""), page_number(request), language()
    )
    return render(request, "intake/rhythm.html", {"page": found, "form": form}, status=status)


@require_safe
@officer_only
def rhythm(request: HttpRequest, user: User) -> HttpResponse:
    """Who delivers in time, who does not, and why."""
    return _shown(request, user, ZeroForm())


@require_safe
@officer_only
def rhythm_csv(request: HttpRequest, user: User) -> HttpResponse:
    """Everything the page shows, of all pages, as CSV."""
    found = rhythm_selectors.visible(user, language())
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(
        [
            _("报送部门"),
            _("信息资源"),
            _("更新周期"),
            _("最近一次成功"),
            _("批次"),
            _("行数"),
            _("零报送至"),
            _("下一次应报"),
            _("逾期（工作日）"),
            _("状态"),
            _("最近未成批次"),
        ]
    )
    for row in found:
        days = (row.last_good, row.zero_until, row.expected)
        good, zero, expected = ("" if day is None else day.isoformat() for day in days)
        writer.writerow(
            [
                row.department,
                row.dataset_name,
                row.cycle,
                good,
                row.last_number,
                row.last_rows,
                zero,
                expected,
                row.overdue,
                row.state_label,
                row.newest_number,
            ]
        )
    return HttpResponse(
        buffer.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="rhythm.csv"'},
    )


@require_POST
@officer_only
def declare_zero(request: HttpRequest, user: User) -> HttpResponse:
    """Declare that the own department has nothing to deliver for a period."""
    accounts.require(user, Right.DELIVERY_SUBMIT)
    if user.department is None:
        raise accounts.RightMissing(right=Right.DELIVERY_SUBMIT.value)
    form = ZeroForm(request.POST)
    if not form.is_valid():
        return _shown(request, user, form, status=422)
    actions.declare_zero(
        department=user.department,
        dataset=form.cleaned_data["dataset"],
        from_day=form.cleaned_data["from_day"],
        to_day=form.cleaned_data["to_day"],
        note=form.cleaned_data["note"],
        acting=user.username,
    )
    messages.success(request, _("已登记零报送。"))
    return HttpResponseRedirect(reverse("rhythm"))


urlpatterns: list[URLPattern] = [
    path("rhythm", rhythm, name="rhythm"),
    path("rhythm.csv", rhythm_csv, name="rhythm-csv"),
    path("rhythm/zero", declare_zero, name="rhythm-zero"),
]
