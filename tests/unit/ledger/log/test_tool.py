"""The stand-alone verifier: RFC 8032 in plain Python, and proofs of which no byte can be changed."""

from __future__ import annotations

import importlib.util
import json
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyong.ledger.log import leaf, merkle, proof, sm2
from xinyong.ledger.log.checkpoint import NoteInvalid, Signer, decode, encode

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


BLINDS = leaf.Blinds(bytes(range(32, 64)))
CONTEXT = {
    "dataset": "penalty",
    "delivery": "demo-1",
    "delivery_sha256": "d" * 64,
    "edition": "e" * 64,
    "received_at": "2026-11-22T01:02:03.000004Z",
    "recorded_at": "2026-11-22T01:02:04.000004Z",
    "type": leaf.TYPE,
    "written_at": "2026-11-22T01:02:03.500000Z",
}


def row(number: int, day: int = 20_000) -> bytes:
    """A packed row."""
    return leaf.ROW.pack(number, number * 3, 1, number + 1, 7, 2, day, sha256(b"%d" % number).digest(), b"f" * 32)


def statement(number: int) -> leaf.Statement:
    """A leaf opened."""
    return leaf.Statement(CONTEXT, row(number), BLINDS.take(number, 1))


def made(size: int, place: int, second: sm2.Signer | None = None) -> bytes:
    """A proof file over a made-up log."""
    packed = b"".join(row(number) for number in range(size))
    entries = leaf.entries([(leaf.context_digest(CONTEXT), packed)], 0, size, BLINDS.take(0, size))
    tree = merkle.Tree()
    files = {item.path: item.data for item in tree.append(entries)} | {item.path: item.data for item in tree.partial()}
    reader = merkle.TileReader(size, lambda *where: files[merkle.tile_path(*where)])
    said = statement(place)
    value = {
        "format": proof.FORMAT,
        "content_hash": said.members["content_hash"],
        "leaf": said.text,
        "leaf_index": place,
        "inclusion_path": [encode(item) for item in reader.inclusion(place)],
        "checkpoint": Signer(SIGNER.verifier.name, bytes(range(32)), second).sign(size, tree.root()),
        "public_key": SIGNER.verifier.text,
        "second_key": second.verifier.text if second else "",
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


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b"[" * 5000, b'{"format": "xinyong-proof-2"}'])
def test_what_is_no_proof(raw: bytes) -> None:
    with pytest.raises((tool.Wrong, RecursionError)):
        tool.check(raw)


@pytest.mark.parametrize(
    "name", ["leaf_index", "inclusion_path", "leaf", "checkpoint", "public_key", "content_hash", "second_key"]
)
@pytest.mark.parametrize("value", [None, 0, True, "", [], [1], {}])
def test_members_of_the_wrong_type_are_refused(name: str, value: Any) -> None:
    if (name, value) == ("second_key", ""):
        return  # a log without a second key
    changed = {**json.loads(PROOF), name: value}
    with pytest.raises(tool.Wrong):
        tool.check(proof.text(changed).encode())


def test_a_leaf_is_canonical_json_and_its_entry_depends_on_every_member() -> None:
    said = statement(5)
    value = json.loads(said.text)
    assert said.text == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert tool.opened(said.text) == (value, said.entry)
    assert (value["decided_on"], value["record_id"], value["source_row"]) == ("2024-10-04", 15, 6)
    undated = leaf.Statement(CONTEXT, row(5, -(1 << 31)), BLINDS.take(5, 1))
    assert json.loads(undated.text)["decided_on"] == ""
    assert tool.opened(undated.text)[1] == undated.entry
    others = set()
    for name, held in value.items():
        changed = {**value, name: held + 1 if isinstance(held, int) else "1970-01-02" if name == "decided_on" else None}
        if isinstance(held, str) and name not in ("decided_on", "type"):
            changed[name] = ("0" if held[0] != "0" else "1") + held[1:]
        if name == "type":
            continue
        others.add(tool.opened(tool.canonical(changed))[1])
    assert len(others) == len(value) - 1
    assert said.entry not in others


@pytest.mark.parametrize(
    "change",
    [
        {"blind": "00"},
        {"content_hash": "F" * 64},
        {"extra": 1},
        {"type": "xinyong-version-1"},
        {"decided_on": "2024-1-4"},
        {"version_id": 1 << 63},
        {"version_id": "5"},
        {"payload_hash": None},
    ],
)
def test_a_leaf_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(tool.Wrong):
        tool.opened(tool.canonical({**json.loads(statement(5).text), **change}))


@given(st.integers(0, 2000), st.integers(1, 900))
def test_blinds_do_not_depend_on_how_they_are_drawn(first: int, count: int) -> None:
    whole = BLINDS.take(0, first + count)
    assert BLINDS.take(first, count) == whole[first * leaf.BLIND_SIZE :]
    assert len({whole[at : at + 16] for at in range(0, len(whole), 16)}) == first + count


def test_rows_in_several_groups_take_their_places_and_doubles_are_told() -> None:
    other = {**CONTEXT, "dataset": "licence"}
    even = b"".join(row(number) for number in range(0, 40, 2))
    odd = b"".join(row(number) for number in range(1, 40, 2))
    groups = [(leaf.context_digest(CONTEXT), even), (leaf.context_digest(other), odd)]
    found = leaf.entries(groups, 0, 40, BLINDS.take(0, 40))
    assert found[2] == statement(2).entry
    assert found[3] == leaf.Statement(other, row(3), BLINDS.take(3, 1)).entry
    assert leaf.entries(groups[:1], 0, 40, BLINDS.take(0, 40))[1] == b""
    with pytest.raises(leaf.Doubled):
        leaf.entries([*groups, (b"x" * 32, row(3))], 0, 40, BLINDS.take(0, 40))
    with pytest.raises(leaf.Doubled):
        leaf.entries([*groups, (b"x" * 32, row(40))], 0, 40, BLINDS.take(0, 40))
    first, doubled = leaf.first_of_each([*groups, (b"x" * 32, row(3))], 0, 40, BLINDS.take(0, 40))
    assert (first, doubled) == (found, [3])


# --- SM2 ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def national() -> sm2.Signer:
    """An SM2 key, where the package that signs is installed."""
    pytest.importorskip("tongsuopy")
    return sm2.Signer(SIGNER.verifier.name, bytes(range(1, 33)))


def test_a_second_signature_is_checked_by_the_tool_and_passed_over_by_others(national: sm2.Signer) -> None:
    raw = made(300, 7, national)
    assert tool.check(raw)["second_signature"] == "valid"
    note = json.loads(raw)["checkpoint"]
    assert national.verifier.signed(note)
    # A verifier that knows only Ed25519 passes over the line.
    assert SIGNER.verifier.open(note).size == 300
    assert tool.check(PROOF)["second_signature"] == "none"
    assert not national.verifier.signed(json.loads(PROOF)["checkpoint"])


def test_a_wrong_second_signature_is_refused(national: sm2.Signer) -> None:
    value = json.loads(made(300, 7, national))
    lines = value["checkpoint"].split("\n")
    for at in (0, 4, 40, 67):
        signed = bytearray(decode(lines[-2].split(" ")[-1]))
        signed[at] ^= 1
        changed = "\n".join([*lines[:-2], f"— {SIGNER.verifier.name} {encode(bytes(signed))}", ""])
        raw = proof.text({**value, "checkpoint": changed}).encode()
        if at == 0:  # another key id: a line of somebody unknown, which says nothing
            assert tool.check(raw)["second_signature"] == "none"
            continue
        with pytest.raises(tool.Wrong):
            tool.check(raw)
        with pytest.raises(NoteInvalid):
            national.verifier.signed(changed)


def test_without_sm3_the_second_signature_is_passed_over_with_a_note(
    national: sm2.Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool.hashlib, "algorithms_available", set())
    assert tool.check(made(30, 7, national))["second_signature"] == "not checked"


@given(st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255))
@settings(max_examples=20)
def test_both_checkers_agree_with_the_library(message: bytes, at: int, mask: int) -> None:
    pytest.importorskip("tongsuopy")
    signer = sm2.Signer("xinyong/test", sha256(message + b"key").digest()[:31].rjust(32, b"\1"))
    signature = signer.line(message)[4:]
    wrong = bytes([*signature[:at], signature[at] ^ mask, *signature[at + 1 :]])
    for check in (sm2.verify, tool.sm2):
        assert check(signer.verifier.public, signature, message)
        assert not check(signer.verifier.public, signature, message + b"!")
        assert not check(signer.verifier.public, wrong, message)
        assert not check(signer.verifier.public[:-1] + b"\0", signature, message)


def test_an_sm2_key_has_one_spelling(national: sm2.Signer) -> None:
    text = national.verifier.text
    assert sm2.Verifier.parse(text + "\n") == national.verifier
    for wrong in (SIGNER.verifier.text, text[:-4], text.replace("+", "+0", 1), ""):
        with pytest.raises(NoteInvalid):
            sm2.Verifier.parse(wrong)
