"""From which address a request comes. A header is believed only as far as the operator's own proxies wrote it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from xinyong.runtime import config

_IPV6_PREFIX = 64


def address(meta: Mapping[str, Any]) -> str:
    """The visitor's address.

    With XINYONG_PROXY_HOPS = n, the n-th entry of X-Forwarded-For from the right: each trusted proxy adds one at the
    right, whatever stands further left was written by the visitor. A request with fewer entries did not come through
    the proxies; it counts under the address it came from.
    """
    direct = str(meta.get("REMOTE_ADDR", ""))
    hops: int = config.get("XINYONG_PROXY_HOPS")
    if hops < 1:
        return direct
    entries = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    if len(entries) < hops:
        return direct
    found = _bare(entries[-hops])
    return found if found else direct


def _bare(text: str) -> str:
    """Without port and brackets; empty for what is no address."""
    candidates = [text, text.strip("[]"), text.rpartition(":")[0].strip("[]")]
    for candidate in candidates:
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""


def network(text: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 an IPv6 visitor can draw addresses from at will."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _IPV6_PREFIX), strict=False))
    return str(found)
