"""Signing in and out of the console, and the gate every console page stands behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from xinyong.accounts import sessions
from xinyong.accounts.models import User
from xinyong.errors import ErrorCode, XinyongError

P = ParamSpec("P")


class SignInNeeded(XinyongError):
    """Nobody is signed in: the page may or may not exist, and the answer does not tell which."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "页面不存在，或需要登录后查看。"
    en = "The page does not exist, or can be seen only after signing in."


def officer_only(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the signed-in user. Anonymous visitors get the answer of a page that does not exist."""

    @wraps(view)
    def gate(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            raise SignInNeeded()
        return view(request, user, *args, **kwargs)

    return never_cache(gate)


class SignInForm(forms.Form):
    """Name and password. A wrong name and a wrong password get the same answer."""

    username = forms.CharField(max_length=60, error_messages={"required": _("请输入账号。")})
    password = forms.CharField(max_length=200, strip=False, error_messages={"required": _("请输入密码。")})

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Sign in once both fields are there."""
        values = self.cleaned_data
        if "username" in values and "password" in values:
            self.user = sessions.sign_in(self.request, values["username"], values["password"])
            if self.user is None:
                raise forms.ValidationError(
                    _("账号或密码不正确，或账号已停用。请核对后重新输入；忘记密码请联系本部门管理员。")
                )
        return values


def _next(request: HttpRequest) -> str:
    """Where to go after signing in; only addresses of this site count."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form."""
    target = _next(request)
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.user is not None:
        return HttpResponseRedirect(target or reverse("console-home"))
    if request.method != "POST" and request.user.is_authenticated:
        return HttpResponseRedirect(target or reverse("console-home"))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/login.html", {"form": form, "next": target}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; back to the public home page."""
    auth.logout(request)
    return HttpResponseRedirect(reverse("home"))


urlpatterns: list[URLPattern] = [
    path("login", sign_in, name="console-login"),
    path("logout", sign_out, name="console-logout"),
]
