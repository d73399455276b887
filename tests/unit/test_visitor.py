"""The visitor's address: the header counts only as far as the operator's proxies wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.runtime import visitor


@pytest.mark.parametrize(
    ("hops", "header", "expected"),
    [
        ("0", "203.0.113.9", "10.0.0.1"),
        ("1", "203.0.113.9", "203.0.113.9"),
        ("1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("2", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("2", "203.0.113.9", "10.0.0.1"),
        ("1", "", "10.0.0.1"),
        ("1", "nonsense", "10.0.0.1"),
        ("1", "203.0.113.9:4711", "203.0.113.9"),
        ("1", "[2001:db8::1]:443", "2001:db8::1"),
        ("1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_address(hops: str, header: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYONG_PROXY_HOPS", hops)
    assert visitor.address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": header}) == expected


@given(st.lists(st.ip_addresses(v=4).map(str), max_size=5), st.ip_addresses(v=4).map(str))
def test_what_a_visitor_writes_never_counts(forged: list[str], seen: str) -> None:
    import os

    os.environ["XINYONG_PROXY_HOPS"] = "1"
    try:
        header = ", ".join([*forged, seen])
        assert visitor.address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": header}) == seen
    finally:
        del os.environ["XINYONG_PROXY_HOPS"]


def test_one_visitor_is_one_network() -> None:
    assert visitor.network("2001:db8:1:2:3::9") == visitor.network("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert visitor.network("::ffff:203.0.113.9") == visitor.network("203.0.113.9") == "203.0.113.9"
