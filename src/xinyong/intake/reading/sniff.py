"""What a file is, by its bytes. Names and extensions are never asked."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from xinyong.intake.reading import errors

#: Foreign contents: magic at offset, name in Chinese and English.
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF", "PDF 文档", "a PDF document"),
    (0, b"Rar!\x1a\x07", "RAR 压缩包", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z 压缩包", "a 7z archive"),
    (0, b"BZh", "bzip2 压缩文件", "bzip2 data"),
    (0, b"\xfd7zXZ\x00", "xz 压缩文件", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard 压缩文件", "Zstandard data"),
    (0, b"\x04\x22\x4d\x18", "LZ4 压缩文件", "LZ4 data"),
    (0, b"PAR1", "Parquet 文件", "a Parquet file"),
    (0, b"ARROW1", "Arrow 文件", "an Arrow file"),
    (0, b"Obj\x01", "Avro 文件", "an Avro file"),
    (0, b"SQLite format 3\x00", "SQLite 数据库", "an SQLite database"),
    (0, b"\x89PNG", "图片（PNG）", "a PNG image"),
    (0, b"\xff\xd8\xff", "图片（JPEG）", "a JPEG image"),
    (0, b"GIF8", "图片（GIF）", "a GIF image"),
    (0, b"\x7fELF", "可执行程序", "an executable"),
    (0, b"MZ\x90", "可执行程序", "an executable"),
    (0, b"{\\rtf", "RTF 文档", "an RTF document"),
    (0, b"PGDMP", "PostgreSQL 备份", "a PostgreSQL dump"),
    (257, b"ustar", "tar 归档", "a tar archive"),
)
_ADVICE_ZH = "请从来源系统导出为 CSV（UTF-8）、.xlsx 或 JSON Lines 后报送。"
_ADVICE_EN = "Export it as CSV (UTF-8), .xlsx or JSON Lines."
_MARKUP = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|meta|div|script)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z_][\w.:-]*[\s>/])", re.IGNORECASE)
#: One JSON object to the end of the line; the rest of the file may be anything.
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\x1a\x1b\x0c") + b"\x7f"


@dataclass(frozen=True, slots=True)
class TextKind:
    """``csv`` or ``jsonl``, and the encoding when a mark tells it."""

    format: str
    marked: str | None


def refuse(found_zh: str, found_en: str, advice_zh: str = _ADVICE_ZH, advice_en: str = _ADVICE_EN) -> errors.FileFormat:
    return errors.FileFormat(found_zh=found_zh, found_en=found_en, advice_zh=advice_zh, advice_en=advice_en)


def refuse_foreign(head: bytes, *, inside_gzip: bool = False) -> None:
    """Raise for contents that are no table of ours."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in head:
            raise refuse(
                "加密的 Office 文件",
                "an encrypted Office file",
                "请取消密码保护后重新保存并报送。",
                "Remove the password.",
            )
        raise refuse(
            "旧版 Excel（.xls）或其他 OLE2 文件",
            "an old Excel (.xls) or other OLE2 file",
            "请在 Excel/WPS 中另存为 .xlsx 后报送。",
            "Save it as .xlsx and send that.",
        )
    if inside_gzip and head.startswith(b"\x1f\x8b"):
        raise refuse("重复压缩的 gzip", "gzip inside gzip", "请只压缩一次。", "Compress it once.")
    if inside_gzip and head.startswith(b"PK\x03\x04"):
        raise refuse(
            "gzip 中的 ZIP/XLSX", "a ZIP or XLSX inside gzip", "XLSX 无需再压缩，请直接报送。", "Send the XLSX itself."
        )
    for offset, magic, zh, en in _FOREIGN:
        if head[offset : offset + len(magic)] == magic:
            raise refuse(zh, en)


def text_kind(head: bytes) -> TextKind:
    """Tell CSV from JSON Lines and refuse what is neither, from the first bytes of the expanded text."""
    marked = None
    text = head
    if head.startswith(codecs.BOM_UTF8):
        marked, text = "utf-8", head[3:]
    elif head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise errors.FileEncoding(offset=0, why_zh="UTF-32 编码不被支持", why_en="UTF-32 is not supported")
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        marked = "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        text = head[2:].decode(marked, "replace").encode("utf-8", "replace")
    else:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if len(head) >= 8 and max(even, odd) > len(head) // 8 and min(even, odd) * 20 < max(even, odd):
            raise errors.FileEncoding(
                offset=0,
                why_zh="像是没有字节顺序标记的 UTF-16",
                why_en="it looks like UTF-16 without a byte order mark",
            )
        controls = len(head) - len(head.translate(None, _CONTROL))
        if controls * 10 > len(head):
            raise refuse("二进制数据", "binary data")
    start = text.lstrip()
    if _MARKUP.match(start):
        raise refuse(
            "网页（HTML）",
            "a web page (HTML)",
            "“导出”的 .xls 常是网页：请打开后另存为 .xlsx。",
            "Open it and save it as .xlsx.",
        )
    if _XML.match(start):
        raise refuse("XML 文档", "an XML document")
    if start.startswith(b"["):
        raise refuse(
            "JSON 数组",
            "a JSON array",
            "请改为 JSON Lines：每行一个对象，不要方括号和行尾逗号。",
            "Write JSON Lines: one object a line, without brackets and commas between.",
        )
    return TextKind("jsonl" if start.startswith(b"{") else "csv", marked)
