"""Where a webhook may lead: never into the operator's own network (server-side request forgery), unless allowed."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from xinyong.notices.errors import NotDelivered
from xinyong.runtime import config

LONGEST = 1000
_PORTS = (80, 443)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that was looked up and may be called. The connection goes to ``ip``, whatever the name says later."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str


def _networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    text = str(config.get("XINYONG_WEBHOOK_PRIVATE"))
    return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64 leads to the IPv4 address in its end
            return _public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


def _allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if _public(address):
        return True
    return any(address.version == network.version and address in network for network in _networks())


def checked(url: str) -> Target:
    """The target of an address. Raises NotDelivered, saying why, when it may not be called or cannot be found."""
    if len(url) > LONGEST or any(character.isspace() or ord(character) < 33 for character in url):
        raise NotDelivered(why="网址太长或含有空格 / the address is too long or holds spaces")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise NotDelivered(why="网址不完整 / this is no address") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password:
        raise NotDelivered(why="请填写 https 网址，不含账号密码 / give an https address without user and password")
    try:
        found = {
            ipaddress.ip_address(item[4][0].partition("%")[0] if isinstance(item[4][0], str) else "")
            for item in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        }
    except (OSError, ValueError, UnicodeError) as error:
        raise NotDelivered(why=f"找不到主机 {parts.hostname} / the host is not known") from error
    # Every address of the name must be right: which of them is taken is the resolver's choice.
    if not found or not all(_allowed(address) for address in found):
        raise NotDelivered(why="网址指向内部网络，不允许 / the address leads into a private network")
    private = not all(_public(address) for address in found)
    if parts.scheme == "http" and not private:
        raise NotDelivered(why="须使用 https / https is needed")
    if port not in _PORTS and port < 1024:
        raise NotDelivered(why=f"端口 {port} 不允许 / this port is not allowed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = min(found, key=lambda item: (item.version, int(item)))
    return Target(scheme=parts.scheme, host=parts.hostname, port=port, path=path, ip=str(address))
