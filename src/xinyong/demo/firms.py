"""The firms of the demonstration that somebody signs in for, and the identity provider they sign in through."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import timedelta

from xinyong.demo.identity.setup import PASSWORD, PEOPLE, start, write_people

__all__ = ["PASSWORD", "Listed", "choose", "people", "start_provider", "stop_provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A sign-in as the command prints it."""

    login: str
    name: str
    what: str


def choose() -> list[tuple[str, str]]:
    """Two enterprises of the city: one with a record that can be repaired, one for which it is too early."""
    from django.utils import timezone

    from xinyong.publicity.models import Window
    from xinyong.registry.models import Entity

    today = timezone.localdate()
    open_windows = Window.objects.filter(
        public_from__lte=today, public_until__gt=today + timedelta(days=60), earliest_repair__isnull=False
    ).order_by("entity_id", "record_id")
    chosen: list[tuple[str, str]] = []
    for windows in (
        open_windows.filter(earliest_repair__lte=today, severity="general"),
        open_windows.filter(earliest_repair__gt=today + timedelta(days=14)),
    ):
        for entity_id in windows.values_list("entity_id", flat=True)[:2000]:
            entity = Entity.objects.filter(
                pk=entity_id, credit_code__isnull=False, registered=True, kind="enterprise", canonical_id__isnull=True
            ).first()
            if entity is not None and entity.name and (entity.credit_code, entity.name) not in chosen:
                chosen.append((entity.credit_code or "", entity.name))
                break
    return chosen


def start_provider(host: str, port: int) -> subprocess.Popen[bytes] | None:
    """The demonstration's provider; None where the operator's settings name one."""
    from xinyong.runtime import config

    if config.get("XINYONG_OIDC_ISSUER"):
        return None
    folder = config.home("demo", "identity")
    if not (folder / PEOPLE).exists():
        write_people(folder, choose())
    return start(folder, host, port)


def stop_provider(provider: subprocess.Popen[bytes] | None) -> None:
    """End it, when there is one."""
    if provider is not None:
        provider.terminate()
        provider.wait(10)


def people() -> list[Listed]:
    """Who can sign in."""
    from xinyong.runtime import config

    path = config.home("demo", "identity") / PEOPLE
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [Listed(login=row["login"], name=row["name"], what=row["what"]) for row in rows]
