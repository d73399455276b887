"""A register of names in a database of its own, with the search index built over it."""

from __future__ import annotations

import time
from collections.abc import Iterable

import polars as pl

from xinyong.standards import names


def fill(texts: list[str], *, extra: Iterable[tuple[int, str]] = ()) -> list[str]:
    """Entities 1…n with these registered names; ``extra``: former names. Returns the matching keys."""
    from xinyong.runtime import database

    keys = names.matching_keys(pl.Series(texts)).to_list()
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE registry_name, registry_identifier, registry_entity CASCADE")
        indexes = connection.execute(
            "SELECT indexdef, indexname FROM pg_indexes WHERE tablename IN ('registry_name', 'registry_entity')"
            " AND indexname LIKE 'registry_%_v1' AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchall()
        for _, index in indexes:
            connection.execute(f"DROP INDEX {index}".encode())
        with connection.cursor() as cursor:
            with cursor.copy(
                "COPY registry_entity (id, kind, name, name_key, status, place, registered, first_delivery_id, created_at)"
                " FROM STDIN"
            ) as copy:
                for number, (name, key) in enumerate(zip(texts, keys, strict=True), 1):
                    copy.write(f"{number}\tenterprise\t{name}\t{key}\t存续\t\tt\t1\t2026-01-01\n")
            with cursor.copy(
                "COPY registry_name (id, entity_id, name, name_key, kind, first_delivery_id, since) FROM STDIN"
            ) as copy:
                for number, (name, key) in enumerate(zip(texts, keys, strict=True), 1):
                    copy.write(f"{number}\t{number}\t{name}\t{key}\tregistered\t1\t2026-01-01\n")
                for number, (entity, name) in enumerate(extra, len(texts) + 1):
                    copy.write(f"{number}\t{entity}\t{name}\t{names.matching_key(name)}\tformer\t1\t2026-01-01\n")
        for definition, _ in indexes:
            connection.execute(definition.encode())
        connection.commit()
    with database.connect(autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE registry_name")
        connection.execute("VACUUM ANALYZE registry_entity")
    return list(keys)


def build() -> float:
    """Build the index; seconds."""
    from xinyong.registry.search import index
    from xinyong.runtime import database

    started = time.perf_counter()
    index.rebuild()
    seconds = time.perf_counter() - started
    with database.connect(autocommit=True) as connection:
        connection.execute("VACUUM registry_search")
    return seconds
