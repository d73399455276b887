"""The reference of ``link``: Splink 5 on the same rows, run by a Python of its own (never by the product).

    SPLINK_PYTHON=/tmp/splink/bin/python make bench NAME=link

Reads ``register.csv`` and ``rows.csv`` of a folder, links, and prints one JSON line. Only the standard library and Splink.
"""

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

#: Links of at least this probability are taken; each row keeps its best.
THRESHOLD = 0.9


def main(folder: Path) -> None:
    import duckdb

    # By name: the project neither installs nor checks against it.
    splink, cl = import_module("splink"), import_module("splink.comparison_library")
    block_on = splink.block_on
    started = time.perf_counter()
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    columns = "{'unique_id': 'BIGINT', 'name': 'VARCHAR', 'address': 'VARCHAR', 'date': 'VARCHAR'}"
    for table in ("register", "rows"):
        connection.execute(
            f"CREATE TABLE {table}_ AS SELECT unique_id, name, nullif(address, '') AS address, nullif(date, '') AS date"
            f" FROM read_csv('{folder / table}.csv', header = true, columns = {columns})"
        )
    settings = splink.SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.97, 0.92, 0.85]),
            cl.JaroWinklerAtThresholds("address", [0.97, 0.9]),
            cl.ExactMatch("date"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("name"),
            block_on("substr(name, 1, 6)"),
            block_on("date", "substr(name, 1, 2)"),
            block_on("address"),
        ],
        retain_intermediate_calculation_columns=False,
    )
    api = splink.DuckDBAPI(connection)
    frames = [api.register(connection.table(f"{name}_"), dataset_display_name=name) for name in ("register", "rows")]
    linker = splink.Linker(frames, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("name")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date", "substr(name, 1, 2)"))
    found = linker.inference.predict(threshold_match_probability=THRESHOLD)
    table = found.physical_name
    pairs = connection.execute(
        "SELECT row_id, known_id FROM (SELECT CASE WHEN source_dataset_l = 'rows' THEN unique_id_l ELSE unique_id_r END AS row_id,"
        " CASE WHEN source_dataset_l = 'rows' THEN unique_id_r ELSE unique_id_l END AS known_id, match_probability AS sure"
        f" FROM {table}) QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY sure DESC, known_id) = 1"
    ).fetchall()
    print(
        json.dumps(
            {
                "seconds": round(time.perf_counter() - started, 1),
                "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
                "pairs": pairs,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
