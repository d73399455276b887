"""Make the accessibility statement of the last acceptance run: python tools/accessibility.py [RUN.jsonl …]

The browser tests write one line a checked page to .cache/accessibility-run.jsonl; this writes what the page /accessibility
shows, src/xinyong/datapacks/site/accessibility.json. Run the whole of tests/acceptance/test_pages.py first; a run that left
routes out makes a smaller statement, and the tool says so. Several runs may be named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from xinyong.site import accessibility

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / ".cache" / "accessibility-run.jsonl"
DATA = ROOT / "src" / "xinyong" / "datapacks" / "site" / "accessibility.json"


def main() -> int:
    """Write the data; exit 1 without a run."""
    files = [Path(name) for name in sys.argv[1:]] or [RUN]
    if not all(file.is_file() for file in files):
        print("没有测试记录，先运行 run first: make test ARGS=tests/acceptance", file=sys.stderr)
        return 1
    made = accessibility.summary(json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
    before = {route.route for route in accessibility.statement().routes}
    left = sorted(before - {route["route"] for route in made["routes"]})
    if left:
        print(f"这次没有检查 not checked this time: {', '.join(left)}", file=sys.stderr)
    DATA.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: made[name] for name in ("day", "checks", "rules", "widths", "violations")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
