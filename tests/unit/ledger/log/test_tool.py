"""The stand-alone verifier: RFC 8032 in plain Python, and proofs of which no byte can be changed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyong.ledger.log import leaf, merkle, proof
from xinyong.ledger.log.checkpoint import Signer, encode

TOOL = Path(__file__).parents[4] / "tools" / "verify_proof.py"
SIGNER = Signer("xinyong/" + "0b" * 16, bytes(range(32)))


def load() -> ModuleType:
    """The tool as a module."""
    spec = importlib.util.spec_from_file_location("verify_proof", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load()


def row(number: int) -> tuple[Any, ...]:
    """A row of ``log_versions``."""
    moment = "2026-11-22T01:02:03.000004Z"
    return (
        number,
        number * 3,
        1,
        number + 1,
        "penalty",
        "e" * 64,
        "demo-1",
        "d" * 64,
        moment,
        moment,
        f"{number:064x}",
        "f" * 64,
    )


def made(size: int, place: int) -> bytes:
    """A proof file over a made-up log."""
    entries = leaf.build(row(number) for number in range(size))
    tree = merkle.Tree()
    files = {item.path: item.data for item in tree.append(entries)} | {item.path: item.data for item in tree.partial()}
    reader = merkle.TileReader(size, lambda *where: files[merkle.tile_path(*where)])
    value = {
        "format": proof.FORMAT,
        "content_hash": json.loads(entries[place])["content_hash"],
        "leaf": entries[place].decode(),
        "leaf_index": place,
        "inclusion_path": [encode(item) for item in reader.inclusion(place)],
        "checkpoint": SIGNER.sign(size, tree.root()),
        "public_key": SIGNER.verifier.text,
    }
    return proof.text(value).encode()


PROOF = made(600, 300)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_the_vectors_of_rfc_8032(public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    for check in (tool.pure_ed25519, tool.ed25519):
        assert check(key, signed, text)
        assert not check(key, signed, text + b"!")
        assert not check(key, bytes([signed[0] ^ 1]) + signed[1:], text)
        assert not check(key, signed[:-1] + bytes([signed[-1] ^ 1]), text)
        assert not check(key[:-1], signed, text)
        # S + L gives the same point: only the smaller S is a signature.
        bigger = int.from_bytes(signed[32:], "little") + tool._L
        assert not check(key, signed[:32] + bigger.to_bytes(32, "little"), text)


@pytest.mark.parametrize(("size", "place"), [(1, 0), (2, 1), (255, 254), (256, 0), (257, 256), (600, 300)])
def test_a_proof_of_any_place_holds(size: int, place: int) -> None:
    said = tool.check(made(size, place), SIGNER.verifier.text + "\n")
    assert (said["leaf_index"], said["size"]) == (place, size)


@given(st.integers(0, len(PROOF) - 1), st.integers(1, 255))
@settings(max_examples=400)
def test_no_byte_of_a_proof_changes_unseen(at: int, mask: int) -> None:
    data = bytearray(PROOF)
    data[at] ^= mask
    with pytest.raises(tool.Wrong):
        tool.check(bytes(data))


def test_a_proof_signed_by_somebody_else_needs_the_right_key() -> None:
    stranger = Signer(SIGNER.verifier.name, bytes(32))
    value = json.loads(PROOF)
    checkpoint = SIGNER.verifier.open(value["checkpoint"])
    forged = {
        **value,
        "checkpoint": stranger.sign(checkpoint.size, checkpoint.root),
        "public_key": stranger.verifier.text,
    }
    assert tool.check(proof.text(forged).encode())["ok"]
    with pytest.raises(tool.Wrong):
        tool.check(proof.text(forged).encode(), SIGNER.verifier.text)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b"[" * 5000, b'{"format": "xinyong-proof-1"}'])
def test_what_is_no_proof(raw: bytes) -> None:
    with pytest.raises((tool.Wrong, RecursionError)):
        tool.check(raw)


@pytest.mark.parametrize("name", ["leaf_index", "inclusion_path", "leaf", "checkpoint", "public_key", "content_hash"])
@pytest.mark.parametrize("value", [None, 0, True, "", [], [1], {}])
def test_members_of_the_wrong_type_are_refused(name: str, value: Any) -> None:
    changed = {**json.loads(PROOF), name: value}
    with pytest.raises(tool.Wrong):
        tool.check(proof.text(changed).encode())


def test_a_leaf_is_canonical_json() -> None:
    (entry,) = leaf.build([row(5)])
    value = json.loads(entry)
    assert entry.decode() == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert {name: value[name] for name in leaf.COLUMNS} == dict(zip(leaf.COLUMNS, row(5), strict=True))
    (odd,) = leaf.build([(*row(5)[:6], '批次"\\1', *row(5)[7:])])
    assert odd.decode() == json.dumps(json.loads(odd), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert leaf.differences(entry, odd) == ["delivery"]
    assert leaf.differences(entry, b"x") == ["form"]
