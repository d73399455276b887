"""Fetch the third-party front-end files again: the icon sprite and the accessibility checker of the tests.

Run from the repository root: ``python tools/vendor_frontend.py``. It needs ``npm`` with a configured registry. The
results are committed; running it twice with the same versions changes nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from xinyong.ui.icons import FALLBACK, ICONS

ROOT = Path(__file__).resolve().parent.parent
SPRITE = ROOT / "src/xinyong/ui/static/ui/vendor/tabler-sprite.svg"
AXE = ROOT / "tests/acceptance/vendor"

TABLER = ("@tabler/icons", "3.51.0")
AXE_CORE = ("axe-core", "4.14.1")

_BODY = re.compile(r"<svg\b[^>]*>(?P<body>.*)</svg>", re.DOTALL)
#: The invisible bounding box some Tabler files carry.
_BOX = re.compile(r'<path\s+stroke="none"\s+d="M0 0h24v24H0z"\s+fill="none"\s*/>')


def pack(name: str, version: str, folder: Path) -> Path:
    """Download one npm package and unpack it; the folder that holds its files."""
    done = subprocess.run(
        ["npm", "pack", f"{name}@{version}", "--json", "--silent", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    answer = json.loads(done.stdout[done.stdout.index("[") :])
    archive = folder / Path(str(answer[0]["filename"])).name
    target = folder / archive.stem
    with tarfile.open(archive) as file:
        file.extractall(target, filter="data")
    return target / "package"


def symbol(name: str, text: str) -> str:
    """One icon as a ``<symbol>``; the stroke is set by the page's CSS."""
    found = _BODY.search(text)
    if found is None:
        raise SystemExit(f"{name}: not an SVG file")
    body = "".join(line.strip() for line in _BOX.sub("", found["body"]).splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>'


def write_sprite(package: Path, version: str) -> None:
    """Write the sprite and the licence beside it."""
    outline = package / "icons" / "outline"
    missing = [name for name in (*ICONS, FALLBACK) if not (outline / f"{name}.svg").is_file()]
    if missing:
        raise SystemExit(f"not in Tabler Icons {version}: {', '.join(missing)}")
    symbols = "\n".join(symbol(name, (outline / f"{name}.svg").read_text("utf-8")) for name in ICONS)
    SPRITE.parent.mkdir(parents=True, exist_ok=True)
    SPRITE.write_text(
        f"<!-- Tabler Icons {version}, MIT, see tabler-LICENSE.txt. Written by tools/vendor_frontend.py. -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n',
        "utf-8",
    )
    (SPRITE.parent / "tabler-LICENSE.txt").write_text((package / "LICENSE").read_text("utf-8"), "utf-8")


def write_axe(package: Path) -> None:
    """Write axe-core and its licence for the acceptance tests."""
    AXE.mkdir(parents=True, exist_ok=True)
    for source, target in (("axe.min.js", "axe.min.js"), ("LICENSE", "axe-LICENSE.txt")):
        (AXE / target).write_bytes((package / source).read_bytes())


def main() -> int:
    """Fetch both packages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sprite(pack(*TABLER, folder), TABLER[1])
        write_axe(pack(*AXE_CORE, folder))
    sys.stdout.write(f"{SPRITE.relative_to(ROOT)}: {len(ICONS)} icons; {AXE.relative_to(ROOT)}: axe-core\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
