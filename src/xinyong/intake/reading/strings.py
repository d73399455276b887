"""The shared strings of a workbook: small tables in memory, large ones in a temporary file."""

from __future__ import annotations

import mmap
import tempfile
from array import array

from xinyong.intake.reading.container import Container, PartParser, local
from xinyong.intake.reading.model import MIB, Limits

_IN_MEMORY = 32 * MIB  # of XML; twice that as Python strings at most


class SharedStrings:
    """Texts by number: small tables in memory, large ones in a temporary file."""

    def __init__(self, container: Container, name: str | None, limits: Limits) -> None:
        self._texts: list[str] = []
        self._ends = array("Q", [0])
        self._map: mmap.mmap | None = None
        if name is None or name not in container:
            return
        self._disk = container.size(name) > _IN_MEMORY
        self._file = tempfile.TemporaryFile() if self._disk else None  # noqa: SIM115  closed below, the map stays
        self._load(container, name, limits)
        if self._file is not None:
            self._file.flush()
            if self._ends[-1]:
                self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            self._file.close()

    def _load(self, container: Container, name: str, limits: Limits) -> None:
        parser = PartParser(name, limits)
        engine = parser.engine
        parts: list[str] = []
        size = phonetic = 0

        def text(data: str) -> None:
            nonlocal size
            if not phonetic and size <= limits.max_cell_chars:
                parts.append(data)
                size += len(data)

        def start(tag: str, _: dict[str, str]) -> None:
            nonlocal size, phonetic
            parser.enter()
            tag = local(tag)
            if tag == "t":
                engine.CharacterDataHandler = text
            elif tag == "si":
                parts.clear()
                size = 0
            elif tag == "rPh":
                phonetic += 1

        def end(tag: str) -> None:
            nonlocal phonetic
            parser.leave()
            tag = local(tag)
            if tag == "t":
                engine.CharacterDataHandler = None
            elif tag == "rPh":
                phonetic -= 1
            elif tag == "si":
                self._add("".join(parts))

        engine.StartElementHandler = start
        engine.EndElementHandler = end
        container.parse(name, parser)

    def _add(self, text: str) -> None:
        if self._file is None:
            self._texts.append(text)
        else:
            data = text.encode("utf-8", "surrogatepass")
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))

    def __len__(self) -> int:
        return len(self._texts) or len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        if self._texts:
            return self._texts[index]
        start, stop = self._ends[index], self._ends[index + 1]
        return self._map[start:stop].decode("utf-8", "surrogatepass") if self._map is not None else ""

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None
