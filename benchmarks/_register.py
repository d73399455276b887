"""A register of names in a database of its own, with the search index built over it.

With NAMES_HOME the database is kept there and used again by the next run that asks for as many names of the same seed;
without it a temporary one is made and removed.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TextIO

import polars as pl

from benchmarks import _namecases
from xinyong.standards import names

#: Names laid down at a time.
_PART: Final = 500_000
_COPY_NAMES: Final = "COPY registry_name (id, entity_id, name, name_key, kind, first_delivery_id, since) FROM STDIN"


@dataclass(kw_only=True)
class Filled:
    """A filled database: entity ``n`` bears the ``n``-th of ``count`` names. ``built``: names indexed a second."""

    home: Path
    count: int
    from_real: bool
    built: int

    @cached_property
    def texts(self) -> list[str]:
        """The names."""
        return (self.home / "names.txt").read_text(encoding="utf-8").split("\n")

    @cached_property
    def keys(self) -> list[str]:
        """The matching keys of the names."""
        return _keys(self.texts)

    def cases(self, each: int, seed: int) -> tuple[list[_namecases.Case], dict[str, int]]:
        """Cases of every kind, and how many could not be told. Made once for each seed: telling takes minutes."""
        kept = self.home / f"cases-{each}-{seed}-{_namecases.EDITION}.json"
        if not kept.exists():
            made, dropped = _namecases.cases(_namecases.Register(self.texts, self.keys), each, seed, len(self.texts))
            kept.write_text(json.dumps([[astuple(case) for case in made], dropped], ensure_ascii=False))
        told, dropped = json.loads(kept.read_text())
        return [_namecases.Case(*case) for case in told], dropped


@contextmanager
def filled(count: int) -> Iterator[Filled]:
    """A database with ``count`` names and their search index, running inside the block."""
    from xinyong.runtime import postgres

    kept = os.environ.get("NAMES_HOME", "")
    with tempfile.TemporaryDirectory(prefix="xinyong-bench-") as temporary:
        home = Path(kept or temporary) / f"names-{count}"
        home.mkdir(parents=True, exist_ok=True)
        os.environ["XINYONG_HOME"] = str(home)
        os.environ.pop("XINYONG_DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
        try:
            yield _filled(home, count)
        finally:
            postgres.stop()


def _filled(home: Path, count: int) -> Filled:
    import django

    django.setup()
    from benchmarks._population import Population
    from xinyong.migrate import prepare

    prepare()
    listed, stamp = home / "names.txt", home / "names.json"
    if stamp.exists():
        found = Filled(home=home, **json.loads(stamp.read_text()))
        print(f"using the {found.count} names kept in {home}", file=sys.stderr)
        return found
    population = Population()
    with listed.open("w", encoding="utf-8") as out:
        count = fill(_told(population.names(count), out))
    stamp.write_text(json.dumps({"count": count, "from_real": population.from_real, "built": round(count / build())}))
    return Filled(home=home, **json.loads(stamp.read_text()))


def _told(texts: Iterable[str], out: TextIO) -> Iterator[str]:
    """The names, written down one a line on their way; no line ends the last."""
    end = ""
    for text in texts:
        out.write(f"{end}{text}")
        end = "\n"
        yield text


def _keys(texts: list[str]) -> list[str]:
    return list(names.matching_keys(pl.Series(texts)).to_list())


def fill(texts: Iterable[str], *, extra: Iterable[tuple[int, str]] = ()) -> int:
    """Entities 1…n with these registered names; ``extra``: former names. How many they are."""
    from xinyong.runtime import database

    rest, count = iter(texts), 0
    with database.connect_owner() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE registry_name, registry_identifier, registry_entity CASCADE")
        indexes = connection.execute(
            "SELECT indexdef, indexname FROM pg_indexes WHERE tablename IN ('registry_name', 'registry_entity')"
            " AND indexname LIKE 'registry_%_v1' AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchall()
        for _, index in indexes:
            connection.execute(f"DROP INDEX {index}".encode())
        while part := list(itertools.islice(rest, _PART)):
            named = list(enumerate(zip(part, _keys(part), strict=True), count + 1))
            with connection.cursor().copy(
                "COPY registry_entity (id, kind, name, name_key, status, place, registered, first_delivery_id, created_at)"
                " FROM STDIN"
            ) as copy:
                for number, (name, key) in named:
                    copy.write(f"{number}\tenterprise\t{name}\t{key}\t存续\t\tt\t1\t2026-01-01\n")
            with connection.cursor().copy(_COPY_NAMES) as copy:
                for number, (name, key) in named:
                    copy.write(f"{number}\t{number}\t{name}\t{key}\tregistered\t1\t2026-01-01\n")
            count += len(part)
        with connection.cursor().copy(_COPY_NAMES) as copy:
            for number, (entity, name) in enumerate(extra, count + 1):
                copy.write(f"{number}\t{entity}\t{name}\t{names.matching_key(name)}\tformer\t1\t2026-01-01\n")
        for definition, _ in indexes:
            connection.execute(definition.encode())
        connection.commit()
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE registry_name")
        connection.execute("VACUUM ANALYZE registry_entity")
    return count


def build() -> float:
    """Build the index; seconds."""
    from xinyong.registry.search import index
    from xinyong.runtime import database

    started = time.perf_counter()
    index.rebuild()
    seconds = time.perf_counter() - started
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE registry_search")
    return seconds


class Clock:
    """Processor time of this process and of the server process behind Django's connection: a busy machine adds little."""

    def __init__(self) -> None:
        self._served = 0.0
        self._backend = 0
        self._last = 0.0

    def cpu(self) -> float:
        """Milliseconds so far; server processes that ended meanwhile count as far as they were last seen."""
        from django.db import connection

        connection.ensure_connection()
        backend = connection.connection.info.backend_pid
        try:
            now = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e6
        except (OSError, IndexError):
            now = 0.0
        if backend != self._backend:
            self._served, self._backend, self._last = self._served + self._last, backend, 0.0
        self._last = now
        return time.process_time() * 1000 + self._served + self._last


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median, p95 and p99 of some milliseconds."""
    ordered = sorted(values)
    return {
        f"p{share}_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))], 1)
        for share in (50, 95, 99)
    }
