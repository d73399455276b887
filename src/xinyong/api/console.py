"""API clients in the console: list, register, quotas, keys made (shown once) and revoked, last use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import client_actions, client_items, client_selectors
from xinyong.accounts import selectors as accounts
from xinyong.accounts.client_selectors import Quota
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import ApiClient, ApiUsage, Department, User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.ui.context import language

_QUOTAS = ("requests_per_minute", "requests_per_day", "rows_per_minute", "rows_per_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One key: what people may know of it."""

    prefix: str
    state: str
    note: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """One client in the list and on its page."""

    slug: str
    url: str
    name: str
    department: str
    active: bool
    datasets: tuple[str, ...]
    items: tuple[str, ...]
    quota: Quota
    requests_today: int
    rows_today: int
    valid_keys: int
    last_used_at: datetime | None
    keys: tuple[KeyRow, ...]
    signing: tuple[KeyRow, ...]


def _row(client: ApiClient, english: bool) -> ClientRow:
    keys = tuple(
        KeyRow(
            prefix=key.prefix,
            state=client_selectors.key_state(key),
            note=key.note,
            created_at=key.created_at,
            created_by=key.created_by,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )
        for key in client.keys.all()
    )
    signing = tuple(
        KeyRow(
            prefix=key.keyid,
            state=client_selectors.key_state(key),
            note=key.note,
            created_at=key.created_at,
            created_by=key.created_by,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
            algorithm="Ed25519" if key.algorithm == "ed25519" else "HMAC-SHA256",
        )
        for key in client.signing_keys.all()
    )
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    used = ApiUsage.objects.filter(client=client, window=ApiUsage.Window.DAY, starts_at=today).first()
    return ClientRow(
        slug=client.slug,
        url=reverse("client", args=[client.slug]),
        name=client.name,
        department=(client.department.name_en or client.department.name_zh) if english else client.department.name_zh,
        active=client.is_active,
        datasets=tuple(client.datasets),
        items=tuple(client.items),
        quota=client_selectors.quota_of(client),
        requests_today=used.requests if used else 0,
        rows_today=used.rows if used else 0,
        valid_keys=sum(key.state == "valid" for key in (*keys, *signing)),
        last_used_at=max((key.last_used_at for key in (*keys, *signing) if key.last_used_at), default=None),
        keys=keys,
        signing=signing,
    )


def _dataset_choices() -> list[tuple[str, str]]:
    english = language() == "en"
    packaged = catalogue.packaged()
    entries: list[Any] = [*packaged.in_force(timezone.localdate()), *packaged.bundles.values()]
    return [(entry.code, entry.name_en if english else entry.name_zh) for entry in entries]


class ClientForm(forms.Form):
    """What a client is; its code and department stay as they were first given."""

    slug = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]{1,39}$",
        label=_("代码"),
        help_text=_("2 至 40 位小写字母、数字或连字符；留痕中记为 client:代码。"),
        error_messages={"invalid": _("须为 2 至 40 位小写字母、数字或连字符。"), "required": _("请填写代码。")},
    )
    name = forms.CharField(max_length=200, label=_("系统名称"), error_messages={"required": _("请填写系统名称。")})
    department = forms.CharField(label=_("所属部门"), error_messages={"required": _("请选择部门。")})
    datasets = forms.MultipleChoiceField(label=_("可报送的信息资源"), required=False)
    items = forms.MultipleChoiceField(
        label=_("可核验的事项"),
        required=False,
        help_text=_("选择后，该系统可以为这些事项核验主体；每次查询留痕，主体可以看到。"),
    )
    joint = forms.BooleanField(
        required=False,
        label=_("办理联合奖惩"),
        help_text=_("该系统的工作人员可以决定是否采取措施或激励并反馈；须同时登记核验事项。"),
    )
    requests_per_minute = forms.IntegerField(min_value=1, max_value=2_000_000_000, initial=600, label=_("每分钟请求数"))
    requests_per_day = forms.IntegerField(min_value=1, max_value=2_000_000_000, initial=200_000, label=_("每日请求数"))
    rows_per_minute = forms.IntegerField(min_value=1, max_value=2_000_000_000, initial=100_000, label=_("每分钟行数"))
    rows_per_day = forms.IntegerField(min_value=1, max_value=2_000_000_000, initial=5_000_000, label=_("每日行数"))
    active = forms.BooleanField(required=False, initial=True, label=_("启用"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["datasets"]
        assert isinstance(choices, forms.MultipleChoiceField)  # declared above
        choices.choices = _dataset_choices()
        items = self.fields["items"]
        assert isinstance(items, forms.MultipleChoiceField)  # declared above
        english = language() == "en"
        items.choices = [(code, names[english]) for code, names in client_items.known().items()]

    def clean(self) -> dict[str, Any]:
        """A client that may do nothing is a slip."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("datasets") and not cleaned.get("items"):
            self.add_error("datasets", str(_("请至少选择一个可报送的信息资源或可核验的事项。")))
        return cleaned

    @property
    def quotas(self) -> list[forms.BoundField]:
        """The four numbers as the page shows them."""
        return [self[name] for name in _QUOTAS]

    def quota(self) -> Quota:
        """The four numbers."""
        return Quota(**{name: self.cleaned_data[name] for name in _QUOTAS})


def _save(form: ClientForm, department: Department, user: User, slug: str) -> ApiClient:
    return client_actions.save_client(
        slug=slug,
        name=form.cleaned_data["name"],
        department=department,
        datasets=form.cleaned_data["datasets"],
        items=form.cleaned_data["items"],
        quota=form.quota(),
        joint=form.cleaned_data["joint"],
        active=form.cleaned_data["active"],
        acting=user.username,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def clients(request: HttpRequest, user: User) -> HttpResponseBase:
    """The list, and the form for another client."""
    accounts.require(user, Right.CLIENT_MANAGE)
    english = language() == "en"
    form = ClientForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        slug = form.cleaned_data["slug"]
        department = Department.objects.filter(slug=form.cleaned_data["department"]).first()
        if client_selectors.client(slug) is not None:
            form.add_error("slug", str(_("已有使用此代码的客户端，请换一个代码。")))
        elif department is None:
            form.add_error("department", str(_("没有这个部门，请重新选择。")))
        else:
            made = _save(form, department, user, slug)
            return HttpResponseRedirect(reverse("client", args=[made.slug]), status=303)
    context = {
        "rows": [_row(item, english) for item in client_selectors.clients()],
        "form": form,
        "departments": list(Department.objects.values_list("slug", "name_zh")),
    }
    return render(request, "api/clients.html", context, status=422 if form.errors else 200)


def _client(slug: str) -> ApiClient:
    found = client_selectors.client(slug)
    if found is None:
        raise client_actions.ClientUnknown(name=slug)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def client(request: HttpRequest, user: User, slug: str) -> HttpResponseBase:
    """One client: its facts to change, its keys."""
    accounts.require(user, Right.CLIENT_MANAGE)
    found = _client(slug)
    if request.method == "POST":
        sent = request.POST.copy()
        sent["slug"], sent["department"] = slug, found.department.slug
        form = ClientForm(sent)
        if form.is_valid():
            _save(form, found.department, user, slug)
            return HttpResponseRedirect(reverse("client", args=[slug]), status=303)
        return _page(request, found, form, status=422)
    return _page(request, found, None)


def _page(
    request: HttpRequest,
    found: ApiClient,
    form: ClientForm | None,
    *,
    status: int = 200,
    key: str = "",
    signing: client_actions.NewKey | None = None,
    problem: str = "",
) -> HttpResponse:
    if form is None:
        quota = client_selectors.quota_of(found)
        form = ClientForm(
            initial={
                "slug": found.slug,
                "name": found.name,
                "department": found.department.slug,
                "datasets": found.datasets,
                "items": found.items,
                "active": found.is_active,
                "joint": Right.MEASURE_DECIDE.value in found.rights,
                **quota.as_dict(),
            }
        )
    context = {
        "row": _row(found, language() == "en"), "form": form, "new_key": key, "new_signing": signing, "signing_problem": problem,
        "typed": request.POST if problem else {},
    }  # fmt: skip
    response = render(request, "api/client.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@officer_only
def make_key(request: HttpRequest, user: User, slug: str) -> HttpResponse:
    """A new key: the answer to this very request is the only page that ever shows it."""
    accounts.require(user, Right.CLIENT_MANAGE)
    found = _client(slug)
    made = client_actions.make_key(
        found,
        days=_days(request),
        note=request.POST.get("note", "").replace("\0", ""),
        acting=user.username,
    )
    return _page(request, _client(slug), None, key=made.text)


def _days(request: HttpRequest) -> int | None:
    days = request.POST.get("days", "365")
    return int(days) if days.isascii() and days.isdecimal() and int(days[:9]) > 0 else None


@require_POST
@officer_only
def make_signing_key(request: HttpRequest, user: User, slug: str) -> HttpResponse:
    """A key to sign requests with: the system's own public key, or a shared secret that only this answer ever shows."""
    accounts.require(user, Right.CLIENT_MANAGE)
    found, sent = _client(slug), request.POST
    shared = sent.get("algorithm") == "hmac-sha256"
    try:
        made = client_actions.register_signing_key(
            found,
            algorithm="hmac-sha256" if shared else "ed25519",
            public=None if shared else client_actions.public_of(sent.get("public", "")[:4000].encode()),
            days=_days(request),
            note=sent.get("note", "").replace("\0", ""),
            acting=user.username,
        )
    except client_actions.ClientInvalid as error:
        return _page(request, found, None, status=error.status, problem=error.message(language()))
    return _page(request, _client(slug), None, signing=made)


@require_POST
@officer_only
def revoke_key(request: HttpRequest, user: User, slug: str, prefix: str) -> HttpResponseRedirect:
    """End a key at once."""
    accounts.require(user, Right.CLIENT_MANAGE)
    if prefix.startswith("sig-"):
        client_actions.revoke_signing_key(prefix, client=_client(slug), acting=user.username)
        return HttpResponseRedirect(reverse("client", args=[slug]) + "#signing", status=303)
    client_actions.revoke_key(prefix, client=_client(slug), acting=user.username)
    return HttpResponseRedirect(reverse("client", args=[slug]) + "#keys", status=303)


@require_safe
@officer_only
def confirm_revoke(request: HttpRequest, user: User, slug: str, prefix: str) -> HttpResponse:
    """Asks before a key is ended: a system in the field stops at that moment."""
    accounts.require(user, Right.CLIENT_MANAGE)
    row = _row(_client(slug), language() == "en")
    key = next((item for item in (*row.keys, *row.signing) if item.prefix == prefix), None)
    if key is None:
        raise client_actions.ClientUnknown(name=prefix)
    return render(request, "api/revoke.html", {"row": row, "key": key})


urlpatterns: list[URLPattern] = [
    path("clients", clients, name="clients"),
    path("clients/<slug:slug>", client, name="client"),
    path("clients/<slug:slug>/keys", make_key, name="client-key"),
    path("clients/<slug:slug>/signing-keys", make_signing_key, name="client-signing-key"),
    path("clients/<slug:slug>/keys/<slug:prefix>", confirm_revoke, name="client-key-confirm"),
    path("clients/<slug:slug>/keys/<slug:prefix>/revoke", revoke_key, name="client-key-revoke"),
]
