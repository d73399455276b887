"""A file that was taken in before, word for word: rows that are settled need no second look.

A row is settled when the version it wrote then is still the newest of its record, it was told by its credit code, nothing was
remarked about it, and neither the register nor an officer has spoken of its entity since. Such a row would come out as
unchanged, without a finding, whatever the other rows say. All other rows (rejected, undecided, remarked, overtaken) are read,
checked and decided as ever, and the file as a whole is judged as ever, so that receipt, findings and versions are those of the
full way. The same way of reading is the condition: file, dataset, department, text of the entry, lists, keys, program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

from xinyong.accounts import selectors as accounts
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.catalogue.models import Edition
from xinyong.intake.loading import Connection
from xinyong.intake.models import Delivery, DeliveryProfile
from xinyong.intake.parts import Settled
from xinyong.intake.quality.profile import Profile
from xinyong.runtime import cryptography, sql

#: Where the register has said more than this since, times the rows of the file, the full way costs less.
_SAID = 5
#: What reads and checks rows: rooms of the program and the packaged lists.
_ROOMS = ("intake", "standards", "catalogue", "datapacks", "registry")
#: Where more versions than this were appended since, times those of the delivery, its own heads are looked at instead.
_APPENDED = 4
_SETTLED = np.dtype([("row", ">i4"), ("record", ">i8")])


class Unsettled(Exception):
    """A row speaks of a settled record before the row that settled it: the file has to be taken in the full way."""


@cache
def _program() -> bytes:
    """Hash of everything of the program that has a say in what becomes of a row."""
    home, said = Path(__file__).parents[1], hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((home / room).rglob("*")):
            if path.suffix in (".py", ".sql", ".yml", ".csv", ".json", ".txt") and "migrations" not in path.parts:
                content = path.read_bytes()
                said.update(f"{path.relative_to(home)} {len(content)}\n".encode())
                said.update(content)
    return said.digest()


def read_under(entry: DatasetEntry | BundleEntry) -> str:
    """Everything that decides how a file is read and checked, as one hash; empty for a bundle, which has no shortcut."""
    if isinstance(entry, BundleEntry):
        return ""
    said = hashlib.sha256(_program())
    said.update(json.dumps([entry.digest, sorted(accounts.organs().items())], ensure_ascii=False).encode())
    said.update(cryptography.fingerprint("read under"))
    return said.hexdigest()


def find(connection: Connection, delivery: Delivery, entry: DatasetEntry | BundleEntry, under: str) -> Settled | None:
    """The settled rows of a delivery, in the transaction that takes it in; None where there is nothing to spare."""
    if not under or isinstance(entry, BundleEntry) or delivery.parent_id is not None:
        return None
    found = connection.execute(
        sql.statement("intake", "repeated_delivery"),
        {
            "sha256": delivery.sha256,
            "department": delivery.department_id,
            "dataset": delivery.dataset_code,
            "delivery": delivery.pk,
            "under": under,
        },
    ).fetchone()
    if found is None:
        return None
    source = int(found[0])
    profile = (
        DeliveryProfile.objects.filter(delivery_id=source)
        .values("rows", "rejected", "fill", "values", "unknown")
        .first()
    )
    if profile is None:
        return None

    def ranges(name: str) -> list[dict[str, int]]:
        parameters = {"source": source, "registers": _registers()}
        rows = connection.execute(sql.statement("intake", name), parameters).fetchall()
        return [{"source": source, "first": first, "last": last} for first, last in joined(rows)]

    written, said = ranges("versions_of_delivery"), []
    if not entry.subject.creates:  # what the register says is never compared with the register
        said = ranges("registered_since")
    if _count(said) > _SAID * _count(written):
        return None
    connection.execute(sql.statement("intake", "create_moved_entities"))
    for item in said:
        connection.execute(sql.statement("intake", "add_moved_entities"), item)
    connection.execute(sql.statement("intake", "create_overtaken_records"))
    appended = ranges("appended_since")
    if _count(appended) <= _APPENDED * _count(written):
        statement, over = "add_records_appended", appended
    else:
        statement, over = "add_records_overtaken", written
    for item in over:
        connection.execute(sql.statement("intake", statement), item)
    statement = sql.statement("intake", "settled_rows")
    pieces = [connection.execute(statement, item, binary=True).fetchall()[0][0] for item in written]
    connection.execute("DROP TABLE moved_entity, overtaken_record")
    sent = np.frombuffer(b"".join(filter(None, pieces)), dtype=_SETTLED)
    if not len(sent):
        return None
    rows, records = sent["row"].astype(np.int32), sent["record"].astype(np.int64)
    order = np.argsort(rows)
    return Settled(source, rows[order], records[order], Profile(**profile))


def joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that follow each other as one: records that came one by one are as many events, each of one version."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _registers() -> list[int]:
    """Datasets by which the register speaks."""
    codes = [item.code for item in catalogue.packaged().entries.values() if item.subject.creates]
    return list(Edition.objects.filter(dataset__code__in=codes).values_list("dataset_id", flat=True).distinct())


def _count(ranges: list[dict[str, int]]) -> int:
    return sum(item["last"] - item["first"] + 1 for item in ranges)
