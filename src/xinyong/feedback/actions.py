"""Taking an answer, adding words to it, dealing with it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib import resources

import yaml
from django.db import transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.feedback.models import Answer
from xinyong.standards import redaction

_PATH = 200


@cache
def rules() -> dict[str, int]:
    """``datapacks/rules/feedback.yml``."""
    text = (resources.files("xinyong.datapacks") / "rules" / "feedback.yml").read_text(encoding="utf-8")
    return {name: int(value) for name, value in yaml.safe_load(text).items()}


def take(path: str, *, helpful: bool) -> Answer:
    """Keep an answer; those older than the rules keep them are dropped with it."""
    today = timezone.localdate()
    Answer.objects.filter(on__lt=today - timedelta(days=rules()["keep_days"])).delete()
    return Answer.objects.create(path=path[:_PATH], helpful=helpful, on=today)


def add_words(number: int, words: str) -> None:
    """What the visitor wants to say, once, with personal numbers masked."""
    masked = redaction.redact(words.replace("\0", "").strip()[: rules()["longest"]]).text
    if masked:
        Answer.objects.filter(pk=number, words="").update(words=masked)


def handle(user: User, number: int, note: str) -> None:
    """An officer has dealt with an answer. Raises RightMissing."""
    accounts.require(user, Right.FEEDBACK_HANDLE)
    with transaction.atomic():
        done = Answer.objects.filter(pk=number, handled_at__isnull=True).update(
            handled_by=user.username, handled_at=timezone.now(), note=note.strip()[:500]
        )
        if done:
            audit.record(actor=user.username, deed="feedback.handled", target=f"feedback:{number}")
