"""Errors of the catalogue: files that cannot be used, and datasets that are not there on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from xinyong.errors import ErrorCode, XinyongError


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong in a catalogue file: where, and what, why and what to do in both languages."""

    file: str
    line: int
    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        """One line for a terminal: ``licence.yml:12: …``."""
        return f"{self.file}:{self.line}: {self.zh if language.startswith('zh') else self.en}"


class CatalogueInvalid(XinyongError):
    """Catalogue files cannot be used; every mistake is listed, so that one round of corrections is enough."""

    code: ClassVar[ErrorCode] = ErrorCode.CATALOGUE_INVALID
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "目录文件有{count}处错误，全部改正后才能使用：\n{listing_zh}"
    en: ClassVar[str] = (
        "The catalogue files have {count} mistake(s); none is used until all are corrected:\n{listing_en}"
    )

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(sorted(set(mistakes)))
        super().__init__(
            count=len(self.mistakes),
            listing_zh="\n".join(mistake.text("zh") for mistake in self.mistakes),
            listing_en="\n".join(mistake.text("en") for mistake in self.mistakes),
        )


class LayoutUnknown(XinyongError):
    """The dataset has no such layout."""

    code: ClassVar[ErrorCode] = ErrorCode.DATASET_UNKNOWN
    status: ClassVar[int] = 404
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "“{dataset}”没有版式“{layout}”。现有版式：{known}。请核对代码。"
    en: ClassVar[str] = "“{dataset_en}” has no layout '{layout}'. Layouts: {known}. Check the code."


class DatasetUnknown(XinyongError):
    """The catalogue has no such dataset: information outside the catalogue is not public credit information."""

    code: ClassVar[ErrorCode] = ErrorCode.DATASET_UNKNOWN
    status: ClassVar[int] = 404
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = (
        "目录中没有数据集“{dataset}”。未列入目录的信息不得作为公共信用信息归集（REF-02）。现有数据集：{known}。请核对代码。"
    )
    en: ClassVar[str] = (
        "The catalogue has no dataset '{dataset}'. Information outside the catalogue may not be collected as public "
        "credit information (REF-02). Datasets: {known}. Check the code."
    )


class DatasetNotInForce(XinyongError):
    """The dataset exists, but no edition of it is in force on the day."""

    code: ClassVar[ErrorCode] = ErrorCode.DATASET_NOT_IN_FORCE
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = (
        "数据集“{dataset}”在{on}没有生效的版本，不得据此归集（REF-02）。已有版本：{editions}。请核对日期，或先发布新版本。"
    )
    en: ClassVar[str] = (
        "No edition of dataset '{dataset}' is in force on {on}; nothing may be collected under it (REF-02). "
        "Editions: {editions}. Check the date, or publish a new edition first."
    )
