"""Run one benchmark: ``python -m benchmarks NAME``."""

from __future__ import annotations

import json
import pkgutil
import sys
from importlib import import_module

import benchmarks


def main() -> int:
    """Exit 0 and one JSON line, or 2 and the names that exist."""
    names = sorted(item.name for item in pkgutil.iter_modules(benchmarks.__path__) if not item.name.startswith("_"))
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        print(f"make bench NAME=<one of: {', '.join(names)}>", file=sys.stderr)
        return 2
    print(json.dumps(import_module(f"benchmarks.{sys.argv[1]}").run(), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
