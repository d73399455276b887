"""The stored form and its hash can be recomputed with the standard library alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import polars as pl

from xinyong.intake.checks import ACCEPTED_SCHEMA, choose_layout, compile_entry
from xinyong.intake.checks.canonical import json_text, key_text

from .support import ENTRY, GOOD, LAYOUT, RESIDENT, check, check_one, context, frame


def recomputed(payload: str, personal: dict[str, str] | None = None) -> bytes:
    fields = {key: value for key, value in json.loads(payload).items() if not key.startswith("_")}
    fields |= {key: context().fingerprint(text).hex() for key, text in (personal or {}).items()}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(f"xinyong-record-1\nsample\n{text}".encode()).digest()


def test_schema() -> None:
    assert dict(check([GOOD]).accepted.schema) == ACCEPTED_SCHEMA
    assert dict(check([{**GOOD, "name": None}]).accepted.schema) == ACCEPTED_SCHEMA


def test_empty_batch() -> None:
    rows = frame([GOOD]).clear()
    checked = compile_entry(ENTRY, choose_layout(ENTRY, rows.columns), context()).check(rows)
    assert dict(checked.accepted.schema) == ACCEPTED_SCHEMA
    assert (checked.accepted.height, len(checked.rejected), checked.findings) == (0, 0, [])


def test_payload_and_hash_follow_the_documented_form() -> None:
    row = {**GOOD, "remark": 'tab\t"quoted" \\ 行\n二', "facts": " 前后空格 "}
    accepted = check([row]).accepted
    payload = accepted["payload"][0]
    assert payload == json.dumps(json.loads(payload), ensure_ascii=False, separators=(",", ":"))
    assert list(json.loads(payload)) == ["_raw", *sorted(key for key in json.loads(payload) if key[0] != "_")]
    assert accepted["content_hash"][0] == recomputed(payload)


def test_personal_values_enter_the_hash_by_fingerprint() -> None:
    accepted = check([GOOD, {**GOOD, "person": "王某某", "identity": RESIDENT}]).accepted
    first, second = accepted["content_hash"]
    assert first == recomputed(accepted["payload"][0])
    assert second == recomputed(accepted["payload"][1], {"person": "王某某", "identity": RESIDENT})


def test_hash_ignores_layout_edition_and_spelling() -> None:
    spelled = {**GOOD, "decided": "2026/1/5", "fine": "0.500000", "penalties": "罚款；罚款", "remark": "无"}
    one = check([GOOD]).accepted["content_hash"][0]
    assert check([spelled]).accepted["content_hash"][0] == one
    assert check([GOOD], replace(ENTRY, edition="2")).accepted["content_hash"][0] == one
    other = replace(LAYOUT, code="other", columns=tuple(replace(c, column=f"列{c.column}") for c in LAYOUT.columns))
    entry = replace(ENTRY, layouts=(replace(other, signature=("列code",)),))
    renamed = {f"列{name}": value for name, value in GOOD.items()}
    assert check([renamed], entry).accepted["content_hash"][0] == one


def test_hash_changes_with_dataset_and_content() -> None:
    hashes = {
        check([GOOD]).accepted["content_hash"][0],
        check([GOOD], replace(ENTRY, code="other")).accepted["content_hash"][0],
        check_one(fine="0.6").accepted["content_hash"][0],
        check_one(remark="x").accepted["content_hash"][0],
    }
    assert len(hashes) == 4


def test_business_key_forgives_brackets_spaces_and_case() -> None:
    keys = {
        check_one(document=text).accepted["business_key"][0]
        for text in ("新罚〔2026〕a1号", "新罚[2026] A1 号", "新罚（2026）Ａ１号", "新罚【2026】a1号")
    }
    assert keys == {'["111400000000000003","新罚〔2026〕A1号"]'}


def test_json_text_escapes_what_json_must() -> None:
    texts = [chr(point) for point in range(0x80)] + ['a"b\\c', "中", "\u2028", "𠀀", ""]
    escaped = json_text(pl.Series([*texts, None], dtype=pl.String)).to_list()
    assert [json.loads(f'"{text}"') for text in escaped[:-1]] == texts
    assert escaped[-1] is None


def test_key_text_of_nothing() -> None:
    assert key_text(pl.Series([None, "ａ b"], dtype=pl.String)).to_list() == ["", "AB"]
