"""The strip's address: one click answers, words are optional. No cookie, no script, no trace of the visitor."""

from __future__ import annotations

import re

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xinyong.feedback import actions

#: The secret part of a share link is not kept.
_SECRET = re.compile(r"(/s/)[^/.]+")
_SALT = "xinyong.feedback"
#: Seconds within which words may follow the click.
_WHILE = 3600


@csrf_exempt  # nobody is signed in and nothing of anybody changes; a mark would need a cookie on every page
@require_POST
def feedback(request: HttpRequest) -> HttpResponse:
    """The click, then the words. The page to go back to is a path of this site."""
    given = request.POST.get("path", "/")[:200].partition("?")[0].partition("#")[0]
    back = (
        given
        if given.startswith("/") and not given.startswith("//") and "\\" not in given and "\0" not in given
        else "/"
    )
    mark = request.POST.get("mark", "")
    if mark:
        try:
            number = int(signing.loads(mark, salt=_SALT, max_age=_WHILE))
        except (signing.BadSignature, ValueError):
            number = 0
        actions.add_words(number, request.POST.get("words", ""))
        return _answer(request, {"back": back, "done": True})
    answer = actions.take(_SECRET.sub(r"\1…", back), helpful=request.POST.get("helpful") == "yes")
    context = {
        "back": back,
        "helpful": answer.helpful,
        "mark": signing.dumps(answer.pk, salt=_SALT),
        "longest": actions.rules()["longest"],
    }
    return _answer(request, context)


def _answer(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    answer = render(request, "feedback/thanks.html", context)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


urlpatterns: list[URLPattern] = [path("feedback", feedback, name="feedback")]
