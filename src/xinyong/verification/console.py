"""批量核验 in the console: an officer checks a file for an item, sees how far it is, and takes the sheet."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import ApiClient, User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.ui.context import language
from xinyong.verification import asking, file_jobs, rules
from xinyong.verification.errors import CheckRefused


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def files(request: HttpRequest, user: User) -> HttpResponseBase:
    """The officer's checks, and the form for another one."""
    accounts.require(user, Right.MEASURE_DECIDE)
    clients = file_jobs.clients(user)
    problem, status = "", 200
    if request.method == "POST":
        try:
            return HttpResponseRedirect(reverse("file-check", args=[_start(request, user, clients).number]), status=303)
        except XinyongError as error:
            problem, status = error.message(language()), error.status
    names, english = rules.names(), language() == "en"
    context = {
        "jobs": file_jobs.jobs(user),
        "clients": [
            (client.slug, client.name, [(item, names[item][english]) for item in client.items if item in names])
            for client in clients
        ],
        "problem": problem,
        "typed": request.POST,
        "accept": ",".join(file_jobs.KINDS),
    }
    return render(request, "verification/files.html", context, status=status)


def _start(request: HttpRequest, user: User, clients: list[ApiClient]) -> file_jobs.Job:
    sent, file = request.POST, request.FILES.get("file")
    slug, _, item = sent.get("which", "").partition("/")
    client = next((one for one in clients if one.slug == slug and item in one.items), None)
    if client is None:
        raise CheckRefused(why_zh="请选择核验事项", why_en="choose an item")
    if file is None or not file.name:
        raise CheckRefused(why_zh="请选择文件", why_en="choose a file")
    return file_jobs.start(
        user, client=client, item=item, case=asking.case_of(sent.get("case", "").strip()), column=sent.get("column", "").strip()[:200],
        name=file.name, pieces=file.chunks(),
    )  # fmt: skip


@require_safe
@officer_only
def file(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """One check; the page comes again by itself until it is done."""
    accounts.require(user, Right.MEASURE_DECIDE)
    job = file_jobs.job_of(user, number)
    if job is None:
        raise Http404
    names = rules.names().get(job.item, (job.item, job.item))
    response = render(request, "verification/file.html", {"job": job, "item": names[language() == "en"]})
    if job.state in ("waiting", "running"):
        response["Refresh"] = "2"
    return response


@require_safe
@officer_only
def sheet(request: HttpRequest, user: User, number: str) -> HttpResponseBase:
    """The sheet."""
    accounts.require(user, Right.MEASURE_DECIDE)
    job = file_jobs.job_of(user, number)
    if job is None or job.state != "done":
        raise Http404
    return FileResponse(file_jobs.sheet_of(job).open("rb"), as_attachment=True, filename=f"check-{number}.xlsx")


urlpatterns: list[URLPattern] = [
    path("file-checks", files, name="file-checks"),
    path("file-checks/<slug:number>", file, name="file-check"),
    path("file-checks/<slug:number>/sheet.xlsx", sheet, name="file-check-sheet"),
]
