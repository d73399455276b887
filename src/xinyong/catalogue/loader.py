"""Reads catalogue files into frozen entries, strictly, and answers which edition is in force on a day.

One file is one entry (``kind: dataset``), one bundle (``kind: bundle``), or one code list (in the ``codes`` folder).
Nothing is guessed and nothing is skipped: either every file is right, or :class:`CatalogueInvalid` lists every mistake
of every file with its line. A half-read catalogue would collect what no law allows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from xinyong.catalogue.binder import Source, bind
from xinyong.catalogue.checks import check_bundle, check_code_list, check_entry
from xinyong.catalogue.digest import entry_digest
from xinyong.catalogue.entry import (
    Assertion,
    Basis,
    BundleEntry,
    CodeList,
    DatasetEntry,
    Field,
    Layout,
    Rule,
)
from xinyong.catalogue.errors import CatalogueInvalid, DatasetNotInForce, DatasetUnknown, Mistake
from xinyong.catalogue.layouts import LayoutText, check_layouts, expand
from xinyong.catalogue.yamltree import Mapping as Tree
from xinyong.catalogue.yamltree import Scalar, read_tree

_NO_LISTS: Mapping[str, CodeList] = MappingProxyType({})
#: What must be written although the dataclass has a default: an unmarked certainty or a missing reason is a mistake.
_WRITTEN: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        Basis: frozenset({"status"}),
        CodeList: frozenset({"name_zh", "name_en", "source", "licence", "status"}),
        DatasetEntry: frozenset({"formats", "rules", "assertions"}),
        Rule: frozenset({"reason_zh", "reason_en"}),
        Assertion: frozenset({"reason_zh", "reason_en"}),
    }
)
#: In a file a field names its code list, and layouts may leave the obvious columns to the loader.
_REPLACE: Mapping[type, type] = MappingProxyType({CodeList: str, Layout: LayoutText})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that may be collected: entries and bundles by (code, edition), code lists by code."""

    entries: Mapping[tuple[str, str], DatasetEntry]
    bundles: Mapping[tuple[str, str], BundleEntry]
    code_lists: Mapping[str, CodeList]

    def entry(self, code: str, on: date) -> DatasetEntry:
        """The edition of the dataset in force on the day; at most one is, which loading has checked."""
        for item in self.editions(code):
            if item.in_force(on):
                return item
        raise DatasetNotInForce(dataset=code, on=on.isoformat(), editions=", ".join(map(_period, self.editions(code))))

    def editions(self, code: str) -> tuple[DatasetEntry, ...]:
        """All editions of the dataset, oldest first."""
        found = [item for item in self.entries.values() if item.code == code]
        if not found:
            raise DatasetUnknown(dataset=code, known=", ".join(self.dataset_codes()))
        return tuple(sorted(found, key=lambda item: item.effective_from))

    def by_digest(self, digest: str) -> DatasetEntry:
        """The very text a stored record came under; KeyError when this catalogue does not hold it (any more)."""
        for item in self.entries.values():
            if item.digest == digest:
                return item
        raise KeyError(digest)

    def bundle(self, code: str, on: date) -> BundleEntry:
        """The edition of the bundle in force on the day."""
        found = [item for item in self.bundles.values() if item.code == code]
        if not found:
            known = sorted({item.code for item in self.bundles.values()})
            raise DatasetUnknown(dataset=code, known=", ".join(known))
        for item in found:
            if item.effective_from <= on and (item.effective_until is None or on <= item.effective_until):
                return item
        raise DatasetNotInForce(dataset=code, on=on.isoformat(), editions=", ".join(map(_period, found)))

    def in_force(self, on: date) -> tuple[DatasetEntry, ...]:
        """Every dataset entry in force on the day, by code."""
        return tuple(sorted((item for item in self.entries.values() if item.in_force(on)), key=lambda item: item.code))

    def dataset_codes(self) -> tuple[str, ...]:
        """Codes of all datasets, without repeats."""
        return tuple(sorted({code for code, _ in self.entries}))


def load_file(path: Path, code_lists: Mapping[str, CodeList] = _NO_LISTS) -> DatasetEntry | BundleEntry:
    """One entry or bundle file. A field's ``code_list`` must be among ``code_lists``."""
    mistakes: list[Mistake] = []
    entry = read_entry(path.read_bytes(), path.name, code_lists, mistakes)
    if entry is None or mistakes:
        raise CatalogueInvalid(mistakes)
    return entry


def load_directory(path: Path, codes: Path | None = None) -> Catalogue:
    """All files of a folder; code lists from ``codes``, by default the folder ``codes`` beside it."""
    return _load(path, codes if codes is not None else path.parent / "codes")


@cache
def load_packaged() -> Catalogue:
    """The catalogue shipped with the product, read once a process."""
    packs = files("xinyong.datapacks")
    return _load(packs / "datasets", packs / "codes")


def read_entry(
    content: bytes, file: str, code_lists: Mapping[str, CodeList], mistakes: list[Mistake]
) -> DatasetEntry | BundleEntry | None:
    """Entry or bundle from the bytes of a file, with its mistakes added to the list."""
    tree = read_tree(content, file, mistakes)
    if tree is None:
        return None
    source = Source(file, mistakes)
    source.lines.update({(key,): line for key, line in tree.lines.items()})
    kind = tree.items.get("kind")
    name = kind.text if isinstance(kind, Scalar) else None
    if name not in ("dataset", "bundle"):
        source.add(
            ("kind",),
            "缺少或写错“kind”；请写kind: dataset（一个数据集）或kind: bundle（一个文件含多个数据集）。",
            "'kind' is missing or wrong; write kind: dataset (one dataset) or kind: bundle (one file, many datasets).",
        )
        return None
    tree = Tree(
        tree.line,
        {key: node for key, node in tree.items.items() if key != "kind"},
        {key: line for key, line in tree.lines.items() if key != "kind"},
    )
    if name == "bundle":
        bundle = bind(BundleEntry, tree, source, skip=frozenset({"file"}))
        if bundle is not None:
            bundle = dataclasses.replace(bundle, file=file)
            check_bundle(bundle, source)
        return bundle
    return _dataset(tree, code_lists, source)


def _dataset(tree: Tree, code_lists: Mapping[str, CodeList], source: Source) -> DatasetEntry | None:
    before = len(source.mistakes)
    entry = bind(DatasetEntry, tree, source, replace=_REPLACE, skip=frozenset({"file", "digest"}), written=_WRITTEN)
    if entry is None:
        return None
    fields = tuple(_with_list(index, item, code_lists, source) for index, item in enumerate(entry.fields))
    texts: tuple[LayoutText, ...] = entry.layouts  # type: ignore[assignment]  # bound in place of Layout
    if not texts:
        source.add(("layouts",), "没有版式；请至少写一个。", "there is no layout; write at least one.")
    layouts = expand(texts, fields, source)
    entry = dataclasses.replace(entry, fields=fields, layouts=layouts, file=source.file)
    _repeated_layouts(texts, source)
    check_layouts(layouts, texts, fields, source)
    check_entry(entry, code_lists, source)
    if len(source.mistakes) > before:
        return entry
    return dataclasses.replace(entry, digest=entry_digest(entry))


def _repeated_layouts(texts: Iterable[LayoutText], source: Source) -> None:
    seen: set[str] = set()
    for index, text in enumerate(texts):
        if text.code in seen:
            source.add(
                ("layouts", index, "code"),
                f"版式代码“{text.code}”重复；请改正。",
                f"layout code '{text.code}' is written twice; correct one.",
            )
        seen.add(text.code)


def _with_list(index: int, item: Field, code_lists: Mapping[str, CodeList], source: Source) -> Field:
    if item.code_list is None:
        return item
    name = str(item.code_list)
    if name not in code_lists:
        known = ", ".join(sorted(code_lists))
        source.add(
            ("fields", index, "code_list"),
            f"代码表“{name}”不存在；请改正，或在codes文件夹中增加。现有：{known}。",
            f"code list '{name}' does not exist; correct the name or add the file to the codes folder. Known: {known}.",
        )
        return dataclasses.replace(item, code_list=CodeList(code=name, values=()))
    return dataclasses.replace(item, code_list=code_lists[name])


def _load(datasets: Traversable, codes: Traversable) -> Catalogue:
    mistakes: list[Mistake] = []
    code_lists: dict[str, CodeList] = {}
    for file in _yaml_files(codes, mistakes):
        code_list = _code_list(file.read_bytes(), file.name, mistakes)
        if code_list is not None and code_lists.setdefault(code_list.code, code_list) is not code_list:
            mistakes.append(_twice(file.name, code_list.code))
    entries: dict[tuple[str, str], DatasetEntry] = {}
    bundles: dict[tuple[str, str], BundleEntry] = {}
    for file in _yaml_files(datasets, mistakes):
        item = read_entry(file.read_bytes(), file.name, code_lists, mistakes)
        if item is None:
            continue
        if (item.code, item.edition) in entries or (item.code, item.edition) in bundles:
            mistakes.append(_twice(file.name, f"{item.code} {item.edition}"))
        elif isinstance(item, DatasetEntry):
            entries[item.code, item.edition] = item
        else:
            bundles[item.code, item.edition] = item
    mistakes += _overlaps(entries.values())
    mistakes += _overlaps(bundles.values())
    mistakes += _routes(bundles.values(), entries.values())
    if mistakes:
        raise CatalogueInvalid(mistakes)
    return Catalogue(
        entries=MappingProxyType(entries), bundles=MappingProxyType(bundles), code_lists=MappingProxyType(code_lists)
    )


def _yaml_files(folder: Traversable, mistakes: list[Mistake]) -> list[Traversable]:
    """Files of the folder in order of name. A file that is neither YAML nor a README was meant to be read: refused."""
    if not folder.is_dir():
        mistakes.append(
            Mistake(
                folder.name,
                1,
                "文件夹不存在；请检查路径。",
                "the folder does not exist; check the path.",
            )
        )
        return []
    found = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.startswith((".", "_")) or item.name == "README.md":
            continue
        if item.name.endswith(".yml") and item.is_file():
            found.append(item)
        else:
            mistakes.append(
                Mistake(
                    item.name,
                    1,
                    "目录文件夹中只能有.yml文件和README.md；请改名或移走，否则它会被悄悄忽略。",
                    "a catalogue folder holds .yml files and README.md only; rename or move it, or it would be ignored "
                    "unseen.",
                )
            )
    return found


def _code_list(content: bytes, file: str, mistakes: list[Mistake]) -> CodeList | None:
    tree = read_tree(content, file, mistakes)
    if tree is None:
        return None
    source = Source(file, mistakes)
    code_list = bind(CodeList, tree, source, written=_WRITTEN)
    if code_list is not None:
        check_code_list(code_list, source)
        if file != f"{code_list.code}.yml":
            source.add(
                ("code",),
                f"代码“{code_list.code}”与文件名“{file}”不符；请改正其一。",
                f"code '{code_list.code}' does not fit the file name '{file}'; correct one.",
            )
    return code_list


def _twice(file: str, name: str) -> Mistake:
    return Mistake(
        file, 1, f"“{name}”在另一文件中已有；请改正版本或删除。", f"'{name}' is in another file already; correct one."
    )


def _overlaps(items: Iterable[DatasetEntry | BundleEntry]) -> list[Mistake]:
    """Two editions of one code may not be in force on the same day: intake could not choose."""
    mistakes = []
    ordered = sorted(items, key=lambda item: (item.code, item.effective_from, item.edition))
    for earlier, later in pairwise(ordered):
        if earlier.code != later.code:
            continue
        if earlier.effective_until is None or earlier.effective_until >= later.effective_from:
            mistakes.append(
                Mistake(
                    later.file,
                    1,
                    f"“{later.code}”版本{later.edition}自{later.effective_from}生效，与版本{earlier.edition}"
                    f"（{earlier.file}，{_period(earlier)}）重叠；请先写明前一版本的effective_until。",
                    f"edition {later.edition} of '{later.code}' takes effect {later.effective_from} and overlaps edition "
                    f"{earlier.edition} ({earlier.file}, {_period(earlier)}); set effective_until of the earlier one.",
                )
            )
    return mistakes


def _routes(bundles: Iterable[BundleEntry], entries: Iterable[DatasetEntry]) -> list[Mistake]:
    known = {entry.code for entry in entries}
    return [
        Mistake(
            bundle.file,
            1,
            f"“{route.value}”的去向“{route.dataset}”不是目录中的数据集；请改正或删除此条。",
            f"'{route.value}' is routed to '{route.dataset}', which is no dataset of the catalogue; correct or remove it.",
        )
        for bundle in bundles
        for route in bundle.routes
        if route.dataset not in known
    ]


def _period(item: DatasetEntry | BundleEntry) -> str:
    until = item.effective_until.isoformat() if item.effective_until is not None else "…"
    return f"{item.edition}: {item.effective_from.isoformat()}–{until}"


__all__ = ["Catalogue", "load_directory", "load_file", "load_packaged", "read_entry"]
