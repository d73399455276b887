"""The container of a workbook, judged before anything in it is parsed: size, ratio, members, macros, encryption."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from xinyong.intake.reading import errors
from xinyong.intake.reading.model import KIB, MIB, Limits, Note
from xinyong.intake.reading.sniff import refuse
from xinyong.intake.reading.streams import Opened, check_expanded, read_at

_FEED = 256 * KIB
_DIRECTORY_BYTES = 4 * MIB  # room for far more members than a workbook has
_SMALL_PART = 16 * MIB  # workbook.xml, relations, styles
#: Members that tell other kinds of Office containers.
_OTHER_KINDS = (
    ("xl/workbook.bin", "二进制工作簿（.xlsb）", "a binary workbook (.xlsb)"),
    ("word/", "Word 文档", "a Word document"),
    ("ppt/", "演示文稿", "a presentation"),
    ("mimetype", "OpenDocument 文件（.ods 等）", "an OpenDocument file"),
)
_DEPTH = 64  # elements within elements; a workbook needs about ten


def damaged(zh: str, en: str, where: str) -> errors.FileDamaged:
    return errors.FileDamaged(why_zh=zh, why_en=en, where=where)


def local(name: str) -> str:
    """Element name without its namespace prefix."""
    return name if ":" not in name else name.rpartition(":")[2]


class PartParser:
    """Expat over one member in small feeds: no entities, no deep nesting, no endless tokens."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._depth = 0
        self.engine = expat.ParserCreate()
        self.engine.buffer_text = True
        self.engine.buffer_size = 64 * KIB
        self.engine.StartDoctypeDeclHandler = self._doctype
        self.fed = 0

    def _doctype(self, *_: Any) -> None:
        raise damaged("工作簿 XML 中含有 DTD/实体声明，疑为攻击", "the XML declares a DTD or entities", self._name)

    def enter(self) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise damaged("XML 嵌套过深", "the XML is nested too deeply", self._name)

    def leave(self) -> None:
        self._depth -= 1

    def feed(self, data: bytes, final: bool = False) -> None:
        try:
            self.engine.Parse(data, final)
        except expat.ExpatError as error:
            where = f"{self._name}, line {error.lineno}"
            raise damaged("工作簿 XML 不合法", f"the XML is not well-formed: {error}", where) from error
        except (UnicodeError, LookupError, ValueError) as error:
            raise damaged("工作簿 XML 编码有误", f"the XML encoding is wrong: {error}", self._name) from error
        self.fed += len(data)
        if not final and self.fed - max(self.engine.CurrentByteIndex, 0) > self._limits.max_row_bytes:
            raise damaged("XML 中有超长的标记", "the XML holds an endless token", self._name)


@dataclass(slots=True)
class Element:
    """One element of a small part."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """An attribute by its local name."""
        for key, value in self.attributes.items():
            if local(key) == name:
                return value
        return default


class Container:
    """An XLSX file opened as a zip archive and found harmless."""

    def __init__(self, opened: Opened, limits: Limits) -> None:
        self._opened = opened
        self._limits = limits
        self.notes: list[Note] = []
        self._check_directory()
        self._buffer = io.BufferedReader(_Unclosed(opened.handle), 256 * KIB)
        try:
            self._zip = zipfile.ZipFile(self._buffer)
        except (
            zipfile.BadZipFile,
            ValueError,
            OSError,
            struct.error,
            EOFError,
            NotImplementedError,
            UnicodeError,
        ) as error:
            raise damaged(
                "XLSX 容器（ZIP）目录损坏或文件不完整", f"the zip directory is broken: {error}", "end of file"
            ) from error
        self._members = {info.filename: info for info in self._zip.infolist()}
        self._check_members()

    def close(self) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def size(self, name: str) -> int:
        return self._members[name].file_size

    def _check_directory(self) -> None:
        """The central directory is read whole by ``zipfile``: refuse a huge one first."""
        size = self._opened.size
        start = max(0, size - 66_000)
        tail = read_at(self._opened.handle, start, size - start)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            raise damaged(
                "XLSX 容器（ZIP）没有结尾目录，文件可能被截断",
                "the zip has no end record; it was cut off",
                f"byte {size}",
            )
        length = int(struct.unpack_from("<I", tail, at + 12)[0])
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        if wide >= 0 and len(tail) - wide >= 56:
            length = max(length if length != 0xFFFFFFFF else 0, int(struct.unpack_from("<Q", tail, wide + 40)[0]))
        if length > _DIRECTORY_BYTES:
            self._too_many(f"{length} bytes")

    def _too_many(self, found: object) -> None:
        raise errors.FileTooLarge(
            what_zh="XLSX 容器的成员数",
            what_en="The number of members of the container",
            found=found,
            limit=self._limits.max_members,
            where="zip directory",
            advice_zh="请用 Excel/WPS 重新另存为 .xlsx。",
            advice_en="Save it again as .xlsx.",
        )

    def _check_members(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > self._limits.max_members:
            self._too_many(len(infos))
        if len(self._members) != len(infos):
            raise damaged("XLSX 容器中有同名成员", "the zip has two members of one name", "zip directory")
        names = [name.lower() for name in self._members]
        self._refuse_other_kinds(names)
        packed = sum(info.compress_size for info in infos)
        if packed > self._opened.size:
            raise damaged("XLSX 容器成员互相重叠，疑为压缩炸弹", "members of the zip overlap (a bomb)", "zip directory")
        for info in infos:
            if info.flag_bits & 0x1:
                raise refuse(
                    "加密的 ZIP/XLSX", "an encrypted ZIP or XLSX", "请取消密码保护后报送。", "Remove the password."
                )
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise damaged("XLSX 成员的压缩方式不受支持", "a member uses an unknown compression", info.filename[:80])
            check_expanded(info.file_size, info.compress_size, self._limits, info.filename[:80])
        check_expanded(sum(info.file_size for info in infos), self._opened.size, self._limits, "zip directory")
        if any("externallinks/" in name for name in names):
            self.notes.append(Note(zh="含外部链接，未读取", en="External links are present and not followed"))

    def _refuse_other_kinds(self, names: list[str]) -> None:
        if any(name.endswith("vbaproject.bin") or "xl/macrosheets/" in name for name in names):
            raise refuse(
                "含宏的工作簿（.xlsm）",
                "a workbook with macros (.xlsm)",
                "数据模板从不含宏：请另存为不含宏的 .xlsx 后报送。",
                "Templates never hold macros: save it as .xlsx without them.",
            )
        for start, zh, en in _OTHER_KINDS:
            if any(name.startswith(start) for name in names):
                raise refuse(zh, en, "请另存为 .xlsx 后报送。", "Save it as .xlsx.")
        if "[content_types].xml" not in names and not any(name.startswith("xl/") for name in names):
            raise refuse(
                "ZIP 压缩包",
                "a ZIP archive",
                "请解压后逐个报送其中的数据文件。",
                "Unpack it and send the files inside.",
            )

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; its checksum is verified when it is read to the end."""
        info = self._members.get(name)
        if info is None:
            raise damaged("工作簿缺少部件", "the workbook lacks a part", name[:80])
        done = 0
        try:
            with self._zip.open(info) as member:
                while data := member.read(_FEED):
                    done += len(data)
                    yield data
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            struct.error,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise damaged("XLSX 成员损坏或校验和不符", f"a member is corrupt: {error}", name[:80]) from error
        if done != info.file_size:
            raise damaged("XLSX 成员长度与目录不符", "a member's size differs from the directory", name[:80])

    def elements(self, name: str) -> Iterator[Element]:
        """The elements of a small part, in order."""
        if name in self and self.size(name) > _SMALL_PART:
            raise damaged("工作簿部件异常庞大", "a part of the workbook is far too large", name[:80])
        found: list[Element] = []
        parser = PartParser(name, self._limits)

        def start(tag: str, attributes: dict[str, str]) -> None:
            parser.enter()
            found.append(Element(local(tag), attributes))

        def end(_: str) -> None:
            parser.leave()

        parser.engine.StartElementHandler = start
        parser.engine.EndElementHandler = end
        for data in self.chunks(name):
            parser.feed(data)
            yield from found
            found.clear()
        parser.feed(b"", final=True)
        yield from found

    def parse(self, name: str, parser: PartParser) -> None:
        for data in self.chunks(name):
            parser.feed(data)
        parser.feed(b"", final=True)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """id → (type, member name) of the parts that ``part`` refers to."""
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        found: dict[str, tuple[str, str]] = {}
        for element in self.elements(name) if name in self else ():
            if element.name == "Relationship" and element.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, element.get("Target"))).lstrip("/")
                found[element.get("Id")] = (element.get("Type").rpartition("/")[2], target)
        return found


class _Unclosed(io.RawIOBase):
    """Lends a raw file to a buffer without giving it away."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        return int(self._raw.readinto(target) or 0)

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._raw.seek(offset, whence))

    def tell(self) -> int:
        return int(self._raw.tell())
