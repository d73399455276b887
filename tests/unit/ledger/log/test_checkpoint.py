"""Signed notes: the specification's own examples, one spelling, no byte that can be changed unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.ledger.log.checkpoint import NoteInvalid, Signer, Verifier, decode, make_seed

SIGNER = Signer("xinyong/" + "0a" * 16, bytes(range(32)))
NOTE = SIGNER.sign(20_852_163, bytes(range(100, 132)))


def test_a_note_has_the_form_of_the_specification() -> None:
    lines = NOTE.split("\n")
    assert lines[0] == SIGNER.verifier.name
    assert lines[1] == "20852163"
    assert lines[3] == ""
    assert lines[4].startswith(f"— {SIGNER.verifier.name} ")
    assert decode(lines[4].split(" ")[2])[:4] == SIGNER.verifier.key_id
    assert NOTE.endswith("\n")
    found = SIGNER.verifier.open(NOTE)
    assert (found.origin, found.size, found.root) == (SIGNER.verifier.name, 20_852_163, bytes(range(100, 132)))
    # One head, one note: signatures are deterministic.
    assert SIGNER.sign(found.size, found.root) == NOTE


def test_the_key_id_of_a_known_verifier_key() -> None:
    """The key of the Go checksum database, as its users have it."""
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    name, key_id, coded = text.split("+", 2)
    verifier = Verifier(name, decode(coded)[1:])
    assert verifier.key_id.hex() == key_id
    assert verifier.text == text


def test_signatures_of_others_are_passed_over() -> None:
    """Witnesses and further keys of the log add lines; they neither help nor harm."""
    other = Signer("witness.example", bytes(32)).sign(1, bytes(32)).rpartition("\n\n")[2]
    assert SIGNER.verifier.open(NOTE + other).size == 20_852_163
    with pytest.raises(NoteInvalid, match="has not signed"):
        SIGNER.verifier.open(NOTE.rpartition("\n\n")[0] + "\n\n" + other)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_checkpoint_changes_unseen(at: int, mask: int) -> None:
    data = bytearray(NOTE.encode())
    data[at] ^= mask
    with pytest.raises(NoteInvalid):
        SIGNER.verifier.open(data.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "a\n1\n", NOTE[:-1], NOTE + "\n", NOTE.replace("\n\n", "\n"), NOTE.replace("20852163", "020852163")],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(NoteInvalid):
        SIGNER.verifier.open(text)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "log.ed25519"
    make_seed(path)
    first = path.read_bytes()
    make_seed(path)
    assert path.read_bytes() == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["log.ed25519"]
