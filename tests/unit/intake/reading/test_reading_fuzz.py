"""Damaged copies of good files: only our own errors, and every row accounted for."""

from __future__ import annotations

import gzip
import io
import random

import openpyxl
import pytest

from xinyong.errors import XinyongError
from xinyong.intake.reading import Limits


def _table(count):
    rows = [["企业名称", "代码", "说明"]]
    rows += [
        [f"某市第{i}有限公司", f"91{i:016d}", f'说明，"引"{i}\n第二行' if i % 5 == 0 else "文"] for i in range(count)
    ]
    return rows


def _csv(count):
    quote = lambda cell: '"' + cell.replace('"', '""') + '"' if '"' in cell else cell  # noqa: E731
    return "".join(",".join(map(quote, row)) + "\r\n" for row in _table(count))


def _xlsx(count):
    book = openpyxl.Workbook()
    for row in _table(count):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SEEDS = {
    "csv": _csv(60).encode(),
    "gb18030": _csv(60).encode("gb18030"),
    "utf-16": _csv(60).encode("utf-16"),
    "gzip": gzip.compress(_csv(60).encode()),
    "jsonl": "".join(f'{{"名称": "公司{i}", "额": {i}.50, "是": true}}\n' for i in range(60)).encode(),
    "xlsx": _xlsx(40),
}
_TASTY = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xe4",
    b"{",
    b"}",
    b"\\u",
    b"=",
    b"PK",
    b"\xef\xbf\xbd",
    b"\xef\xb7\x90",
    b"<",
    b"&",
]


def _mutate(source: bytes, chance: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                data[at:at] = chance.choice(_TASTY)
            case 2:
                del data[at : at + chance.choice((1, 2, 50))]
            case 3:
                del data[at:]
            case 4:
                other = chance.randrange(len(data) + 1)
                data[at:at] = data[other : other + 40]
            case _:
                data[at : at + 1] = chance.choice(_TASTY)
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("kind", SEEDS)
def test_mutations(give, kind):
    chance = random.Random(f"xinyong {kind}")
    read = refused = 0
    for _ in range(400):
        content = _mutate(SEEDS[kind], chance)
        try:
            got = give(content, limits=Limits(batch_rows=17))
        except XinyongError as error:
            assert error.message("zh") and error.message("en")
            refused += 1
        else:
            read += got.tally.read
    assert read or refused


@pytest.mark.parametrize(
    "name", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"]
)
def test_mutations_inside_the_container(give, name):
    import zipfile

    chance = random.Random(name)
    for _ in range(150):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(SEEDS["xlsx"])) as old, zipfile.ZipFile(out, "w") as new:
            for member in old.namelist():
                data = old.read(member)
                new.writestr(member, _mutate(data, chance) if member == name else data)
        try:
            give(out.getvalue())
        except XinyongError as error:
            assert error.message("zh")


def test_random_bytes(give):
    chance = random.Random(7)
    for size in (1, 2, 3, 10, 100, 5000):
        for _ in range(40):
            try:
                give(chance.randbytes(size))
            except XinyongError as error:
                assert error.message("zh")
