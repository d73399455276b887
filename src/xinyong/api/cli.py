"""``xinyong client``: departments' systems that write through the API, and their keys."""

from __future__ import annotations

from typing import Any

import click

from xinyong.runtime.command import command, emit, setup_django

_ACTING = "command client"


@click.group()
def client() -> None:
    """API clients: departments' systems and their keys."""


def _view(found: Any) -> dict[str, Any]:
    from xinyong.accounts import client_selectors

    return {
        "client": found.slug,
        "name": found.name,
        "department": found.department.slug,
        "active": found.is_active,
        "datasets": found.datasets,
        "items": found.items,
        "rights": found.rights,
        "quota": client_selectors.quota_of(found).as_dict(),
        "keys": [
            {
                "key": key.prefix,
                "state": client_selectors.key_state(key),
                "note": key.note,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "last_used_at": key.last_used_at,
            }
            for key in found.keys.all()
        ],
        "signing_keys": [
            {
                "key": key.keyid,
                "algorithm": key.algorithm,
                "state": client_selectors.key_state(key),
                "note": key.note,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "last_used_at": key.last_used_at,
            }
            for key in found.signing_keys.all()
        ],
    }


def _text(view: dict[str, Any]) -> str:
    from django.utils import timezone

    def day(value: Any) -> str:
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else "—"

    lines = [
        f"{view['client']} · {view['name']} · {view['department']}" + ("" if view["active"] else " · 已停用 off"),
        f"  可报送 datasets: {', '.join(view['datasets']) or '—'}",
        f"  可核验 items: {', '.join(view['items']) or '—'}",
        "  限额 quota: " + ", ".join(f"{name} {value:,}" for name, value in view["quota"].items()),
    ]
    lines += [
        f"  {key['key']} · {key['state']} · 创建 {day(key['created_at'])} · 到期 {day(key['expires_at'])} · "
        f"最近使用 {day(key['last_used_at'])}" + (f" · {key['note']}" if key["note"] else "")
        for key in (*view["keys"], *view["signing_keys"])
    ]
    return "\n".join(lines)


def _found(slug: str) -> Any:
    from xinyong.accounts import client_actions, client_selectors

    found = client_selectors.client(slug)
    if found is None:
        raise client_actions.ClientUnknown(name=slug)
    return found


def _key(found: Any, days: int, note: str, *, as_json: bool) -> None:
    from xinyong.accounts import client_actions

    made = client_actions.make_key(found, days=days or None, note=note, acting=_ACTING)
    emit(
        {"client": found.slug, "key": made.text, "prefix": made.prefix, "expires_at": made.expires_at},
        as_json=as_json,
        text=f"{made.text}\n密钥只显示这一次，请立即交给对方并妥善保存。The key is shown this once; keep it safe.",
    )


@client.command("make")
@click.argument("slug")
@click.option("--name", required=True, help="Name of the system.")
@click.option("--department", "department_slug", required=True, help="Code of the department it delivers for.")
@click.option("--dataset", "datasets", multiple=True, help="Dataset it may deliver; give it repeatedly.")
@click.option("--item", "items", multiple=True, help="Item it may verify entities for; give it repeatedly.")
@click.option("--joint", is_flag=True, help="Its officers decide on measures and feed back through it (joint work).")
@click.option("--requests-per-minute", type=int, default=600, show_default=True, help="Quota of requests a minute.")
@click.option("--requests-per-day", type=int, default=200_000, show_default=True, help="Quota of requests a day.")
@click.option("--rows-per-minute", type=int, default=100_000, show_default=True, help="Quota of rows a minute.")
@click.option("--rows-per-day", type=int, default=5_000_000, show_default=True, help="Quota of rows a day.")
@click.option("--off", is_flag=True, help="Switch the client off: none of its keys opens anything.")
@command
def make(
    slug: str,
    name: str,
    department_slug: str,
    datasets: tuple[str, ...],
    items: tuple[str, ...],
    joint: bool,
    off: bool,
    *,
    as_json: bool,
    **quota: int,
) -> None:
    """Register the client SLUG, or bring it up to date. Keys are made with 'xinyong client key'."""
    setup_django()
    from django.utils import timezone

    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota
    from xinyong.catalogue import selectors as catalogue

    for code in datasets:
        catalogue.entry(code, timezone.localdate())
    made = client_actions.save_client(
        slug=slug,
        name=name,
        department=selectors.department(department_slug),
        datasets=datasets,
        items=items,
        quota=Quota(**quota),
        joint=joint,
        active=not off,
        acting=_ACTING,
    )
    view = _view(made)
    emit(view, as_json=as_json, text=_text(view))


@client.command("list")
@command
def list_clients(*, as_json: bool) -> None:
    """Every client with its quota and its keys (never the keys themselves)."""
    setup_django()
    from xinyong.accounts import client_selectors

    found = client_selectors.clients()
    for item in found:
        view = _view(item)
        emit(view, as_json=as_json, text=_text(view))
    if not found and not as_json:
        click.echo("没有接口客户端。No API client.")


@client.command("key")
@click.argument("slug")
@click.option("--days", type=int, default=365, show_default=True, help="Days until it expires; 0: never.")
@click.option("--note", default="", help="What the key is for.")
@command
def make_key(slug: str, days: int, note: str, *, as_json: bool) -> None:
    """A new key for the client SLUG, valid beside its others. It is shown once.

    To change keys: make a new one, give it to the system, revoke the old one when 'xinyong client list' shows that only
    the new one is used.
    """
    setup_django()
    _key(_found(slug), days, note, as_json=as_json)


@client.command("sign")
@click.argument("slug")
@click.option(
    "--public", type=click.Path(exists=True, dir_okay=False), help="PEM file with the system's Ed25519 public key."
)
@click.option("--hmac", "shared", is_flag=True, help="Make a shared secret for HMAC-SHA256 instead. It is shown once.")
@click.option("--days", type=int, default=365, show_default=True, help="Days until it expires; 0: never.")
@click.option("--note", default="", help="What the key is for.")
@command
def make_signing_key(slug: str, public: str | None, shared: bool, days: int, note: str, *, as_json: bool) -> None:
    """A key by which the client SLUG signs its requests (RFC 9421): its own Ed25519 key, or a shared secret."""
    setup_django()
    from pathlib import Path

    from xinyong.accounts import client_actions

    raw = client_actions.public_of(Path(public).read_bytes()) if public is not None and not shared else None
    made = client_actions.register_signing_key(
        _found(slug),
        algorithm="hmac-sha256" if shared else "ed25519",
        public=raw,
        days=days or None,
        note=note,
        acting=_ACTING,
    )
    text = f"keyid: {made.prefix}"
    if made.text:
        text += f"\nsecret (base64): {made.text}\n密钥只显示这一次，请立即交给对方并妥善保存。The secret is shown this once; keep it safe."
    emit(
        {"client": slug, "keyid": made.prefix, "secret": made.text or None, "expires_at": made.expires_at},
        as_json=as_json,
        text=text,
    )


@client.command("revoke")
@click.argument("prefix")
@command
def revoke(prefix: str, *, as_json: bool) -> None:
    """End the key with this PREFIX (as 'xinyong client list' shows it), or a signing key by its keyid, at once."""
    setup_django()
    from xinyong.accounts import client_actions

    if prefix.startswith("sig-"):
        signing = client_actions.revoke_signing_key(prefix, acting=_ACTING)
        emit(
            {"key": signing.keyid, "client": signing.client.slug, "revoked_at": signing.revoked_at},
            as_json=as_json,
            text=f"签名密钥 {signing.keyid} 已撤销。Signing key {signing.keyid} is revoked.",
        )
        return
    key = client_actions.revoke_key(prefix, acting=_ACTING)
    emit(
        {"key": key.prefix, "client": key.client.slug, "revoked_at": key.revoked_at},
        as_json=as_json,
        text=f"密钥 {key.prefix} 已撤销。Key {key.prefix} is revoked.",
    )
