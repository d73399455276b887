"""Files as departments deliver them, written row by row with the same bytes everywhere.

XLSX is written here and not by a library: the container is stored without compression (the bytes of a compressor
differ between its versions) with one fixed date, and rows are streamed.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import IO, Final, Protocol

from xinyong.demo.spec import CSV_GB18030, CSV_UTF8_BOM, JSON_LINES, XLSX

_ENCODINGS: Final = {CSV_UTF8_BOM: "utf-8", CSV_GB18030: "gb18030"}
#: Most rows an XLSX delivery of the demonstration has.
XLSX_ROWS: Final = 5_000
_EPOCH: Final = date(1899, 12, 30)
_STAMP: Final = (2020, 1, 1, 0, 0, 0)


class Writer(Protocol):
    """Takes chunks of columns; closing it gives the SHA-256 of the file."""

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows, given as columns in the order of the header."""

    def close(self) -> str:
        """Finish the file and return its SHA-256."""


class _Hashed:
    """A binary file that is hashed while it is written."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> str:
        self._file.close()
        return self._hash.hexdigest()


class CsvWriter:
    """CSV (RFC 4180, CRLF) in UTF-8 with or without a mark, or in GB18030."""

    def __init__(self, path: Path, header: Sequence[str], form: str) -> None:
        self._encoding = _ENCODINGS.get(form, "utf-8")
        self._out = _Hashed(path)
        if form == CSV_UTF8_BOM:
            self._out.write(b"\xef\xbb\xbf")
        self._put([header])

    def _put(self, rows: object) -> None:
        buffer = StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]
        self._out.write(buffer.getvalue().encode(self._encoding))

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows."""
        self._put(zip(*columns, strict=True))

    def close(self) -> str:
        """Finish; SHA-256."""
        return self._out.close()


class JsonLinesWriter:
    """One JSON object a line, UTF-8, every key in every line."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._header = tuple(header)
        self._out = _Hashed(path)

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows."""
        header = self._header
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        lines = [encode(dict(zip(header, row, strict=True))) for row in zip(*columns, strict=True)]
        self._out.write(("\n".join(lines) + "\n").encode("utf-8"))

    def close(self) -> str:
        """Finish; SHA-256."""
        return self._out.close()


_ESCAPES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml"'
    ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>",
    "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:creator>xinyong generate</dc:creator>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">2020-01-01T00:00:00Z</dcterms:created></cp:coreProperties>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _STAMP)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


class XlsxWriter:
    """A workbook of one sheet. Dates are date cells, amounts numbers, all else text; ``=…`` is a formula."""

    def __init__(self, path: Path, header: Sequence[str], dates: Sequence[int], amounts: Sequence[int]) -> None:
        self._path = path
        self._dates, self._amounts = frozenset(dates), frozenset(amounts)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        for name, text in _PARTS.items():
            self._zip.writestr(_info(name), _HEAD + text)
        self._sheet = self._zip.open(_info("xl/worksheets/sheet1.xml"), "w")
        self._sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        self._row = 0
        self._letters = [_letters(at) for at in range(len(header))]
        self._put(header, plain=True)

    def _put(self, values: Sequence[str], plain: bool = False) -> None:
        self._row += 1
        row = self._row
        cells = []
        for at, value in enumerate(values):
            if value:
                place = f"{self._letters[at]}{row}"
                cells.append(_text(place, value) if plain else self._cell(at, place, value))
        self._sheet.write(f'<row r="{row}">{"".join(cells)}</row>'.encode())

    def _cell(self, at: int, place: str, value: str) -> str:
        if value[0] == "=":
            return f'<c r="{place}"><f>{value[1:].translate(_ESCAPES)}</f></c>'
        if at in self._dates and len(value) == 10 and value[:4] < "2099":
            try:
                return f'<c r="{place}" s="1"><v>{(date.fromisoformat(value) - _EPOCH).days}</v></c>'
            except ValueError:
                return _text(place, value)
        if at in self._amounts and value.isascii() and value.replace(".", "", 1).isdigit():
            number = value.rstrip("0").rstrip(".") if "." in value else value
            return f'<c r="{place}"><v>{number}</v></c>'
        return _text(place, value)

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows."""
        for row in zip(*columns, strict=True):
            self._put(row)

    def close(self) -> str:
        """Finish; SHA-256."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _text(place: str, value: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{value.translate(_ESCAPES)}</t></is></c>'


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def open_writer(path: Path, form: str, header: Sequence[str], dates: Sequence[int], amounts: Sequence[int]) -> Writer:
    """The writer of a format."""
    if form == XLSX:
        return XlsxWriter(path, header, dates, amounts)
    if form == JSON_LINES:
        return JsonLinesWriter(path, header)
    return CsvWriter(path, header, form)


SUFFIXES: Final = {XLSX: ".xlsx", JSON_LINES: ".jsonl"}
ENCODING_NAMES: Final = {CSV_GB18030: "gb18030", CSV_UTF8_BOM: "utf-8-sig"}
