"""An entry compiled into column checks, and the run of a batch through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from xinyong.catalogue.entry import ColumnMap, DatasetEntry, Field, FieldType, Severity
from xinyong.intake.checks.canonical import (
    Content,
    Member,
    json_array,
    json_arrays,
    json_text,
    key_text,
    replace_where,
    special_characters,
)
from xinyong.intake.checks.cells import Column, read_column, trimmed
from xinyong.intake.checks.conditions import Conditions
from xinyong.intake.checks.layout import LayoutMatch
from xinyong.intake.checks.reading import is_null_text
from xinyong.intake.checks.report import Report, is_private
from xinyong.intake.checks.rules import RuleRunner
from xinyong.intake.checks.subject import SubjectReader
from xinyong.intake.checks.values import ACCEPTED_SCHEMA, CheckContext, Checked, ColumnsSwapped, DeliveryNote
from xinyong.standards import credit_code_bulk, names, redaction

ROW = "_row"
#: Below this many rows a swap of columns is told row by row.
SWAP_MIN_ROWS = 20
SWAP_SHARE = 0.9
#: Payload keys that say how a record arrived; they are never published and no part of the content hash.
RAW, REDACT, INFERRED = "_raw", "_redact", "_inferred"


def compile_entry(entry: DatasetEntry, layout: LayoutMatch, context: CheckContext) -> Checker:
    """The checks of ``entry`` for deliveries in ``layout``."""
    return Checker(entry, layout, context)


@dataclass(frozen=True, slots=True)
class _Source:
    """A field and the columns of the delivery it is read from."""

    field: Field
    columns: tuple[tuple[str, ColumnMap], ...]

    @property
    def heading(self) -> str:
        return "、".join(name for name, _ in self.columns) if self.columns else self.field.name_zh


class Checker:
    """Checks batches of one dataset in one layout. It keeps nothing between batches."""

    def __init__(self, entry: DatasetEntry, layout: LayoutMatch, context: CheckContext) -> None:
        self.entry, self.match, self.context = entry, layout, context
        given: dict[str, list[tuple[str, ColumnMap]]] = {}
        for name, target in layout.bound:
            if target.to is not None:
                given.setdefault(target.to, []).append((name, target))
        self._sources = [_Source(item, tuple(given.get(item.code, ()))) for item in entry.fields]
        self._refused = [(name, target) for name, target in layout.bound if target.refuse_filled]
        self._not_required = frozenset(layout.layout.not_required)
        self._conditions = Conditions(entry)
        self._subject = SubjectReader(entry)
        self._rules = RuleRunner(entry, self._conditions, context.today)

    @property
    def notes(self) -> tuple[DeliveryNote, ...]:
        """What has to be said of the delivery as a whole."""
        notes = list(self.match.notes)
        until = self.match.layout.valid_until
        if until is not None and until < self.context.today:
            notes.append(
                DeliveryNote(
                    code="layout-expired",
                    zh=f"本批使用的“{self.match.layout.name_zh}”自 {until.isoformat()} 后已停用，"
                    "仅供补报历史数据，请尽快改用现行版式。",
                    en=f"The layout “{self.match.layout.name_en}” was in use until {until.isoformat()}; "
                    "it is accepted for past records only. Change to the present layout.",
                )
            )
        return tuple(notes)

    def check(self, rows: pl.DataFrame) -> Checked:
        """Read, check and type a batch; ``rows`` has the row number in ``_row`` and one text column per heading.

        Raises :class:`ColumnsSwapped` when the code column and the name column were exchanged.
        """
        report = Report(rows[ROW])
        columns = {source.field.code: self._cells(source, rows, report) for source in self._sources}
        self._refuse_swapped(columns, rows)
        self._refuse_columns(rows, report)
        self._subject.refuse_persons(columns, report)
        for column in columns.values():
            read_column(column, self.context, report)
        inferred = self._fill(columns)
        self._lengths(columns, report)
        values = {code: column.value for code, column in columns.items()}
        self._required(columns, values, report)
        self._rules.run(columns, report)
        subject = self._subject.read(columns, report)
        redact = self._redact(columns, report)

        refused = pl.Series("refused", report.refused)
        kept = ~refused
        every = not report.refused.any()
        accepted = self._accept(rows, columns, subject, inferred, redact, None if every else kept)
        return Checked(accepted, report.findings(), rows[ROW].filter(refused).alias("row"))

    # reading --------------------------------------------------------------------------------------------------------

    def _cells(self, source: _Source, rows: pl.DataFrame, report: Report) -> Column:
        """The cells of a field, from one column or several."""
        height = rows.height
        if not source.columns:
            nothing = pl.Series(source.field.code, [None], dtype=pl.String).new_from_index(0, height)
            return Column(source.field, source.heading, nothing, nothing, nothing)
        parts = [(name, rows[name], _mapped(trimmed(rows[name]), target)) for name, target in source.columns]
        if len(parts) == 1:
            name, sent, text = parts[0]
            return Column(source.field, name, sent, text, text)
        if any(target.join for _, target in source.columns):
            text = _joined([text for _, _, text in parts], source.field.separator)
            sent = _joined([sent for _, sent, _ in parts], source.field.separator)
            return Column(source.field, source.heading, sent, text, text)
        return self._coalesced(source, parts, report)

    def _coalesced(self, source: _Source, parts: list[tuple[str, pl.Series, pl.Series]], report: Report) -> Column:
        """Several spellings of one column: the first that is filled; they must not contradict each other."""
        _, sent, text = parts[0]
        differ = pl.repeat(value=False, n=len(text), dtype=pl.Boolean, eager=True)
        for _, other_sent, other in parts[1:]:
            differ |= (text != other).fill_null(value=False)
            first = text.is_not_null()
            text = text.zip_with(first, other)
            sent = sent.zip_with(first, other_sent)
        columns = "、".join(f"“{name}”" for name, _, _ in parts)
        for index in differ.arg_true().to_list():
            report.add(index, source.field, source.heading, "columns-disagree", details={"columns": columns})
        return Column(source.field, source.heading, sent, text, text)

    def _refuse_columns(self, rows: pl.DataFrame, report: Report) -> None:
        """Columns that must not be collected: a filled cell refuses its row, and nothing of it is shown."""
        for name, target in self._refused:
            text = trimmed(rows[name])
            filled = text.is_not_null()
            if not filled.any():
                continue
            empty = [word for word in text.unique().drop_nulls().to_list() if is_null_text(word)]
            at = (filled & ~text.is_in(empty)).arg_true().to_list()
            for index in at:
                why = f"（{target.why}）" if target.why else ""
                report.add(index, None, name, "not-to-be-collected", details={"why": why})
            report.refuse_persons(at)

    def _refuse_swapped(self, columns: Mapping[str, Column], rows: pl.DataFrame) -> None:
        code, name = self.entry.subject.code, self.entry.subject.name
        if code is None or name is None or rows.height < SWAP_MIN_ROWS:
            return
        codes, names = columns[code], columns[name]
        # A look at the first rows spares a healthy batch the whole comparison.
        if not credit_code_bulk.classify(names.text.head(SWAP_MIN_ROWS)).valid.any() and not (
            credit_code_bulk.classify(names.text.tail(SWAP_MIN_ROWS)).valid.any()
        ):
            return
        swapped = pl.Series(credit_code_bulk.classify(names.text).valid & ~credit_code_bulk.classify(codes.text).valid)
        if int(swapped.sum()) >= SWAP_SHARE * rows.height:
            raise ColumnsSwapped(
                code_column=codes.heading,
                name_column=names.heading,
                rows=rows.height,
                swapped=int(swapped.sum()),
                example=rows[ROW].filter(swapped)[0],
            )

    def _fill(self, columns: dict[str, Column]) -> dict[str, pl.Series]:
        """Defaults, and values a layout copies from another field; the rows of the latter by field."""
        for column in columns.values():
            default = column.field.default
            if default is None or column.value.null_count() == 0:
                continue
            filling = json_array([default]) if column.field.type is FieldType.ENUM_LIST else default
            empty = column.value.is_null()
            if column.unreadable is not None:
                empty &= ~column.unreadable
            column.value = column.value.set(empty, filling)
            column.plain = False
        inferred: dict[str, pl.Series] = {}
        for to, origin in self.match.layout.inferred:
            column = columns[to]
            copied = column.value.is_null() & columns[origin].value.is_not_null()
            if copied.any():
                column.value = column.value.zip_with(~copied, columns[origin].value)
                column.plain &= columns[origin].plain
                inferred[to] = copied
        return inferred

    # checks across columns ------------------------------------------------------------------------------------------

    def _lengths(self, columns: Mapping[str, Column], report: Report) -> None:
        for column in columns.values():
            item = column.field
            limits: list[int] = [limit for limit in (item.max_length, item.hard_max_length) if limit is not None]
            if not limits:
                continue
            text = column.text if item.type is FieldType.ENUM_LIST else column.value
            # No text has more characters than bytes, and the bytes need not be looked at to be counted.
            if not (text.str.len_bytes() > min(limits)).any():
                continue
            length = text.str.len_chars()
            for index in (length > min(limits)).fill_null(value=False).arg_true().to_list():
                hard = item.hard_max_length is not None and length[index] > item.hard_max_length
                limit = item.hard_max_length if hard else item.max_length
                if limit is None:
                    continue
                report.add(
                    index,
                    item,
                    column.heading,
                    "too-long-refused" if hard else "too-long",
                    value=text[index],
                    severity=Severity.ERROR if hard else Severity.WARNING,
                    details={"length": str(length[index]), "limit": str(limit)},
                )

    def _required(self, columns: Mapping[str, Column], values: Mapping[str, pl.Series], report: Report) -> None:
        for column in columns.values():
            item = column.field
            if item.empty_when and column.value.null_count() < len(column.value):
                held = column.value.is_not_null() & self._conditions.mask(item.empty_when, values, len(column.value))
                self._say_condition(held, column, "must-be-empty", report)
            if item.code in self._not_required or not (item.required or item.required_when):
                continue
            if column.value.null_count() == 0:
                continue
            empty = column.value.is_null()
            if column.unreadable is not None:
                empty &= ~column.unreadable
            if column.filler is not None and item.code == self.entry.subject.code:
                empty &= ~column.filler
            if not empty.any():
                continue
            if item.required:
                for index, sent in column.texts(empty):
                    code = "required-empty" if sent is None else "required-text-null"
                    report.add(index, item, column.heading, code, value=sent or "")
            else:
                held = empty & self._conditions.mask(item.required_when, values, len(empty))
                self._say_condition(held, column, "required-when", report)

    def _say_condition(self, held: pl.Series, column: Column, code: str, report: Report) -> None:
        if not held.any():
            return
        conditions = column.field.required_when if code == "required-when" else column.field.empty_when
        zh, en = self._conditions.words(conditions)
        for index, sent in column.texts(held):
            value = sent or ""
            report.add(
                index, column.field, column.heading, code, value=value, details={"condition": zh, "condition_en": en}
            )

    def _redact(self, columns: Mapping[str, Column], report: Report) -> dict[int, list[str]]:
        """Fields whose text holds a personal number, by row: they are not published until it is masked."""
        flagged: dict[int, list[str]] = {}
        for column in columns.values():
            if not column.field.redact or column.value.null_count() == len(column.value):
                continue
            for index, redacted in redaction.personal_numbers(column.value):
                kinds = dict.fromkeys(span.kind for span in redacted.spans)
                flagged.setdefault(index, []).append(column.field.code)
                report.add(
                    index,
                    column.field,
                    column.heading,
                    "personal-number-in-text",
                    value=column.value[index],
                    severity=Severity.WARNING,
                    details={
                        "what": "、".join(_NUMBER_NAMES[kind][0] for kind in kinds),
                        "what_en": " and ".join(_NUMBER_NAMES[kind][1] for kind in kinds),
                    },
                )
        return flagged

    # what is kept ---------------------------------------------------------------------------------------------------

    def _accept(
        self,
        rows: pl.DataFrame,
        columns: Mapping[str, Column],
        kinds: pl.Series,
        inferred: Mapping[str, pl.Series],
        redact: Mapping[int, list[str]],
        kept: pl.Series | None,
    ) -> pl.DataFrame:
        """The accepted rows in the columns of :data:`ACCEPTED_SCHEMA`."""

        def keep(series: pl.Series) -> pl.Series:
            return series if kept is None else series.filter(kept)

        height = rows.height if kept is None else int(kept.sum())
        values = {code: keep(column.value) for code, column in columns.items()}
        extras: dict[str, pl.Series] = {}
        raw = self._raw(columns, rows.height)
        if raw is not None:
            extras[RAW] = keep(raw)
        if redact:
            extras[REDACT] = keep(_sparse(redact, rows.height))
        if inferred:
            by_row: dict[int, list[str]] = {}
            for code, mask in sorted(inferred.items()):
                for index in mask.arg_true().to_list():
                    by_row.setdefault(index, []).append(code)
            extras[INFERRED] = keep(_sparse(by_row, rows.height))
        members = [
            self._member(column, values[code]) for code, column in columns.items() if not is_private(column.field)
        ]
        personal = {
            code: self._protected(code, values[code])
            for code, column in columns.items()
            if is_private(column.field) and values[code].null_count() < height
        }
        content = Content(dataset=self.entry.code, height=height, members=members, personal=personal, extras=extras)
        payload, content_hash = content.build()
        subject = self.entry.subject
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)

        def named(code: str | None) -> pl.Series:
            return values[code] if code is not None else nothing

        key = json_arrays([key_text(values[code]) for code in self.entry.business_key]) if height else nothing
        decided = self.entry.decided_on
        name = named(subject.name)
        accepted = {
            "row": keep(rows[ROW]),
            "subject_code": named(subject.code),
            "registration_number": named(subject.registration_number),
            "organisation_code": named(subject.organisation_code),
            "subject_name": name,
            "name_key": names.matching_keys(name),
            "subject_kind": keep(kinds),
            "business_key": key,
            "decided_on": keep(columns[decided].days) if decided is not None else nothing.cast(pl.Date),
            "payload": payload,
            "content_hash": content_hash,
        }
        return pl.DataFrame([series.alias(column) for column, series in accepted.items()], schema=ACCEPTED_SCHEMA)

    @staticmethod
    def _member(column: Column, value: pl.Series) -> Member:
        if column.field.type is FieldType.ENUM_LIST:
            return Member(column.field.code, value, quoted=False)
        return Member(column.field.code, value if column.plain else json_text(value))

    def _protected(self, code: str, values: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Token and fingerprint of every personal value of a field."""
        tokens = [None if text is None else self.context.protect(code, text) for text in values.to_list()]
        prints = [None if text is None else self.context.fingerprint(text).hex() for text in values.to_list()]
        return pl.Series(tokens, dtype=pl.String), pl.Series(prints, dtype=pl.String)

    def _raw(self, columns: Mapping[str, Column], height: int) -> pl.Series | None:
        """A JSON object of the cells whose stored value differs from the text sent; personal ones are left out."""
        found: list[tuple[str, Column, pl.Series]] = []
        for code, column in sorted(columns.items()):
            # A column nobody changed is the very one that was sent.
            if is_private(column.field) or column.value is column.sent or column.text.null_count() == height:
                continue
            differs = column.text.is_not_null() & column.sent.ne_missing(_as_sent(column))
            if differs.any():
                found.append((code, column, differs))
        if not found:
            return None
        some = found[0][2]
        for _, _, differs in found[1:]:
            some |= differs
        at = some.arg_true()
        members: list[pl.Expr] = []
        for code, column, differs in found:
            sent = _showable(column, differs).gather(at)
            inside = pl.when(pl.lit(differs.gather(at))).then(pl.lit(sent))
            members.append(pl.concat_str([pl.lit(f'"{code}":"'), inside, pl.lit('",')]))
        joined = pl.concat_str(members, ignore_nulls=True).str.strip_suffix(",")
        objects = pl.select(pl.concat_str([pl.lit("{"), joined, pl.lit("}")])).to_series()
        if len(at) == height:
            return objects
        return pl.Series([None], dtype=pl.String).new_from_index(0, height).scatter(at, objects)


def _as_sent(column: Column) -> pl.Series:
    """The stored values as a department writes them: a list is joined by its separator."""
    if column.field.type is not FieldType.ENUM_LIST:
        return column.value
    lists = column.value.unique().drop_nulls()
    spelled = lists.str.strip_prefix('["').str.strip_suffix('"]')
    spelled = spelled.str.replace_all('","', column.field.separator, literal=True)
    return column.value.replace_strict(lists, spelled, return_dtype=pl.String)


def _showable(column: Column, rows: pl.Series) -> pl.Series:
    """The cells as sent, as JSON. A personal number in a cell where none belongs is masked."""
    sent = column.sent
    # The shortest number worth masking has seven digits and a word before it, or eleven digits.
    if column.field.type in _MASKED_RAW and (sent.str.len_bytes() >= 11).any():
        numbers = redaction.contains_personal_number(sent) & rows
        if numbers.any():
            sent = replace_where(
                sent, numbers, lambda part: pl.Series([redaction.redact(text).text for text in part.to_list()])
            )
    if special_characters(sent) is None:
        return sent
    # PostgreSQL's jsonb has no place for NUL; the delivered file keeps it.
    return json_text(sent.str.replace_all("\x00", "", literal=True))


_NUMBER_NAMES = {
    redaction.NumberKind.RESIDENT_ID: ("居民身份证号码", "a resident identity number"),
    redaction.NumberKind.MOBILE: ("手机号码", "a mobile number"),
    redaction.NumberKind.LANDLINE: ("电话号码", "a telephone number"),
    redaction.NumberKind.BANK_ACCOUNT: ("银行账号", "a bank account"),
}
#: Types whose unreadable text could be anything, a person's number included.
_MASKED_RAW = frozenset(
    {FieldType.DATE, FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_WAN, FieldType.CAPITAL, FieldType.ENUM}
)


def _mapped(text: pl.Series, target: ColumnMap) -> pl.Series:
    """The values of a column under the layout's value map; "" means empty."""
    if not target.value_map:
        return text
    new = {old: value or None for old, value in target.value_map}
    known = text.is_in(list(new))
    mapped = text.replace_strict(list(new), pl.Series(list(new.values()), dtype=pl.String), default=None)
    return mapped.cast(pl.String).zip_with(known.fill_null(value=False), text)


def _joined(parts: list[pl.Series], separator: str) -> pl.Series:
    joined = pl.select(
        pl.concat_str([pl.lit(part) for part in parts], separator=separator, ignore_nulls=True)
    ).to_series()
    return joined.set(joined == "", None)


def _sparse(by_row: Mapping[int, list[str]], height: int) -> pl.Series:
    """A JSON array of field codes for the rows that have one, null for the others."""
    found: list[str | None] = [None] * height
    for index, codes in by_row.items():
        found[index] = json_array(sorted(codes))
    return pl.Series(found, dtype=pl.String)
