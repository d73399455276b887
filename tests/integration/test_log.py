"""Every version becomes a leaf, every change of what was logged is found and located, and nothing signed forks."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from xinyong.ledger.log import content, effect, merkle, state, verify
from xinyong.ledger.log.errors import LogDamaged, LogRefused, LogUnwritable
from xinyong.ledger.log.folder import CHECKPOINT, LogFolder
from xinyong.ledger.log.rows import Versions
from xinyong.runtime import config, database

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "verify_proof.py"


def take(desk: Any, start: int, count: int) -> Any:
    """Deliver ``count`` registrations."""
    numbers = range(start, start + count)
    return desk.take([desk.registration(desk.code(number), f"示例{number}存证有限公司") for number in numbers])


@pytest.fixture(scope="module")
def logged(desk: Any) -> Any:
    """Deliveries of several sizes, some with further versions and personal fields, all logged."""
    for start, count in ((100_000, 700), (101_000, 1), (102_000, 3), (103_000, 300)):
        take(desk, start, count)
    people = [
        desk.penalty(desk.code(number), f"示例{number}存证有限公司", CF_WSH=f"存{number}")
        for number in range(100_000, 100_040)
    ]
    desk.take(people, "penalty")
    desk.take([desk.registration(desk.code(100_000), "示例更名存证有限公司")])
    effect.catch_up()
    return desk


def here(desk: Any) -> LogFolder:
    """The log of this module's database."""
    return state.folder(desk.one("SELECT id FROM ledger_installation"))


def files(folder: LogFolder) -> dict[str, bytes]:
    """All published files with their bytes."""
    found = {CHECKPOINT: (folder.path / CHECKPOINT).read_bytes()}
    for path in sorted((folder.path / "tile").rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder.path))] = path.read_bytes()
    return found


def findings() -> list[verify.Finding]:
    """What verification finds now."""
    return verify.verify(contents=True).findings


@contextmanager
def altered(path: Path, change: Any) -> Iterator[None]:
    """A file with other bytes for a while."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def flipped(at: int) -> Any:
    """Change one byte."""
    return lambda data: data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]


@contextmanager
def tampered(statement: str, back: str, *parameters: Any) -> Iterator[None]:
    """Change the ledger as only a superuser can: without its triggers."""
    for text in (statement, back):
        with database.connect_owner(autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(text.encode(), parameters or None)
        if text is statement:
            try:
                yield
            except BaseException:
                with database.connect_owner(autocommit=True) as connection:
                    connection.execute("SET session_replication_role = replica")
                    connection.execute(back.encode(), parameters or None)
                raise


# --- growing --------------------------------------------------------------------------------------------------------


def test_each_version_is_one_leaf_and_each_delivery_one_run_of_leaves(logged: Any) -> None:
    versions = logged.one("SELECT count(*) FROM ledger_version")
    ranges = logged.rows(
        "SELECT first_leaf, leaves, delivery_id, version_from FROM ledger_log_range ORDER BY first_leaf"
    )
    assert versions == sum(leaves for _, leaves, _, _ in ranges) == 700 + 1 + 3 + 300 + 40 + 1
    assert [first for first, *_ in ranges] == [0, 700, 701, 704, 1004, 1044]
    folder = here(logged)
    entries = [entry for index in range(5) for entry in folder.bundle(index, merkle.tile_width(versions, 0, index))]
    stored = logged.rows(
        "SELECT version_id, record_id, version_no, source_row, encode(content_hash, 'hex') FROM ledger_version ORDER BY version_id"
    )
    keys = ("version_id", "record_id", "version_no", "source_row", "content_hash")
    with database.connect() as connection:
        opened = Versions(connection, state.blinds(create=False))
        for place in (0, 1, 699, 700, 703, 704, 1003, 1010, 1044):
            item = next(item for item in state.ranges(connection) if item.first_leaf <= place < item.size)
            said = opened.statement(item.version_from + place - item.first_leaf, place, item.recorded_at)
            assert said is not None
            assert tuple(said.members[key] for key in keys) == stored[place]
            assert said.entry == entries[place]
    # An entry is a commitment and nothing else: nothing can be read from it, nothing guessed.
    assert {len(entry) for entry in entries} == {32}
    report = verify.verify(contents=True)
    assert (report.findings, report.size, report.compared, report.contents) == ([], versions, versions, versions)
    # Deliveries that waited together are signed together, each with its own root.
    assert report.checkpoints == 1
    take(logged, 104_000, 2)
    effect.catch_up()
    assert verify.verify().checkpoints == 2


def test_a_delivery_for_several_datasets_is_logged_once(logged: Any) -> None:
    before = logged.one("SELECT sum(leaves) FROM ledger_log_range")
    take(logged, 110_000, 4)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO ledger_event (kind, delivery_id, dataset_id, version_from, version_to) "
            "SELECT kind, delivery_id, dataset_id, version_from, version_to FROM ledger_event ORDER BY id DESC LIMIT 1"
        )
    assert effect.catch_up() == 2
    assert logged.one("SELECT sum(leaves) FROM ledger_log_range") == before + 4
    assert findings() == []


def test_two_callers_log_everything_once(logged: Any) -> None:
    effect.catch_up()
    before = logged.one("SELECT sum(leaves) FROM ledger_log_range")
    for turn in range(8):
        take(logged, 120_000 + turn * 40, 40)
    taken: list[int] = []
    callers = [threading.Thread(target=lambda: taken.append(effect.catch_up())) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (sum(taken), len(taken)) == (8, 3)
    assert logged.one("SELECT sum(leaves) FROM ledger_log_range") == before + 320
    assert effect.catch_up() == 0
    assert findings() == []


def test_a_rebuild_gives_identical_files(logged: Any) -> None:
    effect.catch_up()
    before = files(here(logged))
    assert effect.rebuild() == logged.one("SELECT count(*) FROM ledger_log_range")
    assert files(here(logged)) == before
    # A lost folder comes back by itself as soon as there is something to do.
    shutil.rmtree(here(logged).path)
    take(logged, 130_000, 2)
    assert effect.catch_up() == 1
    assert effect.rebuild() > 0
    after = files(here(logged))
    assert {path: after.get(path) for path in before if ".p/" not in path and path != CHECKPOINT} == {
        path: data for path, data in before.items() if ".p/" not in path and path != CHECKPOINT
    }
    assert findings() == []


SIGNED = "SELECT first_leaf, leaves FROM ledger_log_range WHERE note IS NOT NULL"


def test_partial_tiles_of_earlier_checkpoints_stay_until_they_are_full(logged: Any) -> None:
    effect.catch_up()
    sizes = [first + leaves for first, leaves in logged.rows(SIGNED)]
    size = max(sizes)
    for level, index, width in merkle.edge(size):
        kept = {int(path.name) for path in here(logged).place(merkle.tile_path(level, index, width)).parent.iterdir()}
        span = merkle.TILE_WIDTH**level
        wanted = {(item // span) % 256 for item in sizes if item // span // 256 == index and (item // span) % 256}
        assert kept == wanted
        assert width in kept


# --- tampering ------------------------------------------------------------------------------------------------------

VICTIM = "WHERE version_id = (SELECT version_from + 5 FROM ledger_log_range ORDER BY first_leaf LIMIT 1)"


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("source_row = source_row + 1", "source_row = source_row - 1"),
        ("department_id = department_id + 1", "department_id = department_id - 1"),
        (
            "received_at = received_at + interval '1 microsecond'",
            "received_at = received_at - interval '1 microsecond'",
        ),
        (
            'payload = (left(payload::text, -1) || \',"_layout2":"x"}\')::json',
            "payload = replace(payload::text, ',\"_layout2\":\"x\"', '')::json",
        ),
        (
            'payload = (left(payload::text, -1) || \',"ENTNAME2":"x"}\')::json',
            "payload = replace(payload::text, ',\"ENTNAME2\":\"x\"', '')::json",
        ),
        ("decided_on = '2020-01-01'", "decided_on = NULL"),
        ("content_hash = sha256(content_hash) ", "content_hash = decode(%s, 'hex')"),
        ("version_no = version_no + 1", "version_no = version_no - 1"),
    ],
)
def test_a_changed_version_is_found_and_named(logged: Any, change: str, back: str) -> None:
    effect.catch_up()
    version, content_hash = logged.rows(f"SELECT version_id, encode(content_hash, 'hex') FROM ledger_version {VICTIM}")[
        0
    ]
    parameters = (content_hash,) if "%s" in back else ()
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"UPDATE ledger_version SET {change} {VICTIM}")
        try:
            found = verify.verify()
            shown = logged.cli("verify-log", "--json")
            more = findings()
        finally:
            connection.execute(f"UPDATE ledger_version SET {back} {VICTIM}", parameters or None)
    assert [(item.kind, item.version_id, item.leaf) for item in found.findings] == [("version", version, 5)]
    assert "the ledger is not what was logged" in found.findings[0].en
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["found"] == 1
    fields_changed = "ENTNAME2" in change or "content_hash" in change
    assert [item.kind for item in more] == (["version", "content"] if fields_changed else ["version"])
    assert findings() == []


def test_a_version_taken_away_or_slipped_in_is_found(logged: Any) -> None:
    effect.catch_up()
    columns = "entity_id, record_id, version_id, delivery_id, department_id, edition_id, received_at, recorded_at, version_no, source_row, decided_on, content_hash, payload"
    last = logged.one("SELECT max(version_to) FROM ledger_log_range")
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"CREATE TABLE kept AS SELECT {columns} FROM ledger_version {VICTIM}")
        connection.execute(f"DELETE FROM ledger_version {VICTIM}")
        gone = findings()
        connection.execute(f"INSERT INTO ledger_version ({columns}) SELECT {columns} FROM kept")
        connection.execute(f"UPDATE kept SET version_id = {last} + 0, version_no = version_no + 7")
        connection.execute(f"INSERT INTO ledger_version ({columns}) SELECT {columns} FROM kept")
        doubled = findings()
        connection.execute(
            "DELETE FROM ledger_version USING kept WHERE ledger_version.record_id = kept.record_id AND ledger_version.version_no = kept.version_no"
        )
        connection.execute("DROP TABLE kept")
    assert [(item.kind, item.leaf) for item in gone] == [("version", 5)]
    assert "gone" in gone[0].en
    assert "unlogged" in {item.kind for item in doubled}
    assert findings() == []


def test_signatures_taken_out_of_the_database_are_missed(logged: Any) -> None:
    effect.catch_up()
    with database.connect_owner() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("CREATE TABLE kept AS SELECT * FROM ledger_log_range")
        connection.execute("DELETE FROM ledger_log_range")
    try:
        assert {item.kind for item in findings()} == {"unlogged", "checkpoint"}
    finally:
        with database.connect_owner() as connection:
            connection.execute("INSERT INTO ledger_log_range SELECT * FROM kept")
            connection.execute("DROP TABLE kept")
    assert findings() == []


def test_any_byte_of_any_file_is_found_in_that_file(logged: Any) -> None:
    effect.catch_up()
    folder = here(logged)
    luck = random.Random(7)
    names = list(files(folder))
    assert len(names) > 12
    for name in names:
        path = folder.path / name
        size = path.stat().st_size
        for at in {0, size - 1, luck.randrange(size), luck.randrange(size)}:
            with altered(path, flipped(at)):
                found = verify.verify().findings
            assert found, (name, at)
            assert name in [item.path for item in found], (name, at, found)
            if name.startswith("tile/") and "entries" not in name:
                assert at in [item.byte for item in found if item.path == name], (name, at, found)
        for change in (lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""):
            with altered(path, change):
                assert name in [item.path for item in verify.verify().findings], name
    assert findings() == []


def test_a_leaf_and_its_hashes_rewritten_together_are_still_found(logged: Any) -> None:
    """Bundle, tile and all tiles above agree with each other: the signed root does not."""
    effect.catch_up()
    folder = here(logged)
    size = logged.one("SELECT max(first_leaf + leaves) FROM ledger_log_range")
    entries = [
        entry for index in range(-(-size // 256)) for entry in folder.bundle(index, merkle.tile_width(size, 0, index))
    ]
    entries[5] = entries[6]
    before = files(folder)
    tree = merkle.Tree()
    try:
        for item in [*tree.append(entries), *tree.partial()]:
            folder.place(item.path).write_bytes(item.data)
        kinds = [(item.kind, item.leaf) for item in findings()]
        with pytest.raises(LogDamaged):
            take(logged, 140_000, 1)
            effect.catch_up()
    finally:
        for name, data in before.items():
            (folder.path / name).write_bytes(data)
    assert ("root", None) in kinds
    assert ("version", 5) in kinds
    effect.catch_up()
    assert findings() == []


# --- no fork --------------------------------------------------------------------------------------------------------


def test_nothing_is_signed_over_an_altered_ledger(logged: Any) -> None:
    effect.catch_up()
    before = files(here(logged))
    with tampered(
        f"UPDATE ledger_version SET source_row = source_row + 1 {VICTIM}",
        f"UPDATE ledger_version SET source_row = source_row - 1 {VICTIM}",
    ):
        with pytest.raises(LogRefused, match="no longer gives the root"):
            effect.rebuild()
        assert files(here(logged)) == before
    assert effect.rebuild() > 0
    assert files(here(logged)) == before


def test_an_older_database_beside_a_newer_log_is_refused(logged: Any) -> None:
    """As after restoring an old backup: what was signed since must not be signed differently."""
    effect.catch_up()
    take(logged, 150_000, 2)
    effect.catch_up()
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("CREATE TABLE kept AS SELECT * FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1")
        connection.execute("DELETE FROM ledger_log_range WHERE event_id = (SELECT event_id FROM kept)")
    take(logged, 151_000, 2)
    try:
        with pytest.raises(LogRefused, match="older backup"):
            effect.catch_up()
        shown = logged.cli("effects")
        assert shown.exit_code == 1
    finally:
        with database.connect_owner(autocommit=True) as connection:
            connection.execute("INSERT INTO ledger_log_range SELECT * FROM kept")
            connection.execute("DROP TABLE kept")
    assert effect.catch_up() == 1
    assert findings() == []


def test_another_key_does_not_sign_this_log(logged: Any) -> None:
    effect.catch_up()
    key = config.home("keys") / "log.ed25519"
    assert key.stat().st_mode & 0o777 == 0o600
    take(logged, 160_000, 2)
    with altered(key, flipped(3)), pytest.raises(LogRefused, match="not the one this log was begun with"):
        effect.catch_up()
    aside = key.with_suffix(".aside")
    key.rename(aside)
    try:
        with pytest.raises(LogRefused, match="missing"):
            effect.catch_up()
        assert [item.kind for item in findings()] == ["key"]
    finally:
        aside.rename(key)
    assert effect.catch_up() == 1


def test_a_disk_that_refuses_leaves_the_log_as_signed(logged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    effect.catch_up()
    before = (here(logged).path / CHECKPOINT).read_bytes()
    take(logged, 170_000, 300)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(LogUnwritable, match="No space left"):
            effect.catch_up()
    assert (here(logged).path / CHECKPOINT).read_bytes() == before
    assert effect.catch_up() == 1
    assert findings() == []


# --- crash ----------------------------------------------------------------------------------------------------------

_CRASH = (
    "import django; django.setup()\nfrom xinyong.ledger.log import effect\nprint('up', flush=True)\neffect.{deed}()\n"
)


@pytest.mark.long
def test_kill_at_random_moments_then_recovery_gives_the_undisturbed_bytes(logged: Any) -> None:
    effect.catch_up()
    luck = random.Random(11)
    for turn in range(6):
        for part in range(3):
            take(logged, 200_000 + turn * 3_000 + part * 1_000, luck.randint(1, 700))
        for deed in ("catch_up", "rebuild" if turn % 3 == 2 else "catch_up"):
            process = subprocess.Popen(
                [sys.executable, "-c", _CRASH.format(deed=deed)], env={**os.environ}, stdout=subprocess.PIPE
            )
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(luck.random() * 0.12)
            process.kill()
            process.communicate()
            known = (here(logged).path / CHECKPOINT).read_text()
            assert logged.one("SELECT count(*) FROM ledger_log_range WHERE note = %s", known) == 1
    effect.catch_up()
    recovered = files(here(logged))
    assert findings() == []
    effect.rebuild()
    assert files(here(logged)) == recovered


# --- proofs ---------------------------------------------------------------------------------------------------------


def run_tool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The stand-alone verifier with nothing but Python's own library."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_proof_is_checked_by_the_tool_alone(logged: Any, tmp_path: Path) -> None:
    code = logged.code(100_000)
    record = logged.one(
        "SELECT head.record_id FROM ledger_record AS head JOIN registry_entity AS entity ON entity.id = head.entity_id "
        "WHERE entity.credit_code = %s AND head.version_no = 2",
        code,
    )
    out = tmp_path / "proof.json"
    for arguments, number in ((("--version", "1"), 1), ((), 2)):
        done = logged.cli("proof", record, *arguments, "--out", out, "--json")
        assert done.exit_code == 0, done.output
        key = here(logged).path / "key.pub"
        good = run_tool(out, "--key", key, "--json")
        assert good.returncode == 0, good.stdout
        said = json.loads(good.stdout)
        assert (said["leaf"]["record_id"], said["leaf"]["version_no"]) == (record, number)
        assert said["leaf"]["content_hash"] == json.loads(done.stdout)["content_hash"]
    assert "成立" in run_tool(out).stdout
    assert "Holds" in run_tool(out, "--key", key.read_text().strip()).stdout
    # The content as the page shows it gives the hash.
    payload = logged.one("SELECT payload FROM ledger_version WHERE record_id = %s AND version_no = 2", record)
    fields = {name: value for name, value in payload.items() if not name.startswith("_")}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (tmp_path / "content").write_text(f"{content.HASH_DOMAIN}\nregistration\n{text}", encoding="utf-8")
    assert run_tool(out, "--content", tmp_path / "content").returncode == 0
    (tmp_path / "content").write_text(f"{content.HASH_DOMAIN}\nregistration\n{text} ", encoding="utf-8")
    assert run_tool(out, "--content", tmp_path / "content").returncode == 1
    changed = tmp_path / "changed.json"
    changed.write_bytes(flipped(60)(out.read_bytes()))
    bad = run_tool(changed)
    assert bad.returncode == 1
    assert "不成立" in bad.stdout
    assert run_tool(tmp_path / "none.json").returncode == 1


def test_a_record_that_does_not_exist_has_no_proof(logged: Any, tmp_path: Path) -> None:
    done = logged.cli("proof", "999999999", "--out", tmp_path / "no.json")
    assert done.exit_code == 1
    assert not (tmp_path / "no.json").exists()


def test_a_damaged_tile_is_not_handed_out(logged: Any, tmp_path: Path) -> None:
    record = logged.one("SELECT record_id FROM ledger_version ORDER BY version_id LIMIT 1")
    with altered(here(logged).place(merkle.tile_path(0, 0)), flipped(64)):
        done = logged.cli("proof", record, "--version", "1", "--out", tmp_path / "no.json")
    assert done.exit_code == 1
    assert not (tmp_path / "no.json").exists()


def test_content_hashes_have_one_domain() -> None:
    from xinyong.intake.checks import canonical

    assert content.HASH_DOMAIN == canonical.HASH_DOMAIN


# --- a second signature ---------------------------------------------------------------------------------------------


def test_checkpoints_are_signed_with_sm2_too_where_the_key_is_there(logged: Any, tmp_path: Path) -> None:
    pytest.importorskip("tongsuopy")
    effect.catch_up()
    before = verify.verify()
    assert (before.found, before.second_signatures) == (0, 0)
    key = config.home("keys") / "log.sm2"
    key.write_bytes(bytes(range(1, 33)))
    try:
        take(logged, 300_000, 3)
        effect.catch_up()
        take(logged, 301_000, 3)
        effect.catch_up()
        report = verify.verify()
        assert (report.found, report.second_signatures) == (0, 2)
        assert (here(logged).path / "key-sm2.pub").exists()
        files_before = files(here(logged))
        effect.rebuild()
        assert files(here(logged)) == files_before
        done = logged.cli("proof", logged.one("SELECT max(record_id) FROM ledger_record"), "--out", tmp_path / "p.json")
        assert done.exit_code == 0, done.output
        checked = subprocess.run([sys.executable, TOOL, tmp_path / "p.json", "--json"], capture_output=True, text=True)
        assert json.loads(checked.stdout)["second_signature"] == "valid", checked.stdout
        with altered(here(logged).path / "key-sm2.pub", flipped(60)):
            assert "key" in {item.kind for item in verify.verify().findings}
        # Another SM2 key is refused; without the key the log goes on with one signature.
        with altered(key, flipped(3)):
            take(logged, 302_000, 1)
            with pytest.raises(LogRefused, match="SM2"):
                effect.catch_up()
    finally:
        key.unlink()
    assert effect.catch_up() == 1
    report = verify.verify()
    assert (report.found, report.second_signatures) == (0, 2)


# --- over HTTP ------------------------------------------------------------------------------------------------------


def test_the_log_is_served_as_it_lies_there_and_nothing_else(logged: Any) -> None:
    from django.test import Client

    effect.catch_up()
    client = Client()
    for name, data in files(here(logged)).items():
        answer = client.get(f"/log/{name}")
        assert (answer.status_code, answer.content) == (200, data), name
        caching = answer.headers["Cache-Control"]
        assert ("immutable" in caching) == name.startswith("tile/"), name
        assert (caching == "no-cache") == (name == CHECKPOINT)
    assert client.get("/log/key.pub").content.startswith(b"xinyong/")
    full = "/log/tile/0/000"
    assert "max-age=31536000" in client.get(full).headers["Cache-Control"]
    for name in (
        "", "lock", "work", "tile", "tile/0", "tile/0/../0/000", "../keys/log.blind", "..%2f..%2fkeys/log.ed25519",
        "tile/0/999", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/x000", "checkpoint/", "tile/entries/000/",
    ):  # fmt: skip
        assert client.get(f"/log/{name}").status_code in (404, 301), name
        assert client.get(f"/log/{name}", follow=True).status_code == 404, name
    assert client.post("/log/checkpoint").status_code == 405
