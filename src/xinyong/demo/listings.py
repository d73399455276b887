"""Rows of abnormal lists, serious violations, commitments, honours and heads of annual reports."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np

from xinyong.demo import wording
from xinyong.demo.draw import I64
from xinyong.demo.entities import INDIVIDUAL, Identity, objects
from xinyong.demo.rows import City, Columns, Slice, decided

_MET, _PARTLY, _UNMET = "全部履行", "部分履行", "全部未履行"
#: First year-end reports of the demonstration are for this many years before today's.
_REPORT_YEARS: Final = 8


def _weights(rows: list[dict[str, Any]]) -> list[int]:
    return [row["weight"] for row in rows]


def _column(rows: list[dict[str, Any]], key: str, at: I64) -> list[str]:
    result: list[str] = objects([row[key] for row in rows])[at].tolist()
    return result


def _subject(identity: Identity) -> Columns:
    return {
        "name": identity.names,
        "code": identity.sent_codes,
        "registration_number": identity.registration_numbers,
        "representative": identity.representatives,
        "category": identity.categories,
    }


def _organ(part: Slice, count: int) -> Columns:
    return {"authority": [part.department.name_zh] * count, "authority_code": [part.department.credit_code] * count}


def abnormal(city: City, part: Slice) -> Columns:
    """Entries of the abnormal operation list, and marks of individual businesses; two in three have left."""
    wordings = wording.load("lists")["abnormal"]
    subject, _ = city.population.spread("EIC", part.index)
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    individual = identity.classes == INDIVIDUAL
    codes, reasons, exits = (objects([""] * len(day)) for _ in range(3))
    for who, chosen in (("enterprise", ~individual), ("individual", individual)):
        rows = wordings[who]
        at = np.flatnonzero(chosen)
        if len(at):
            ground = city.draw.weighted(part.stream + "/ground", part.index[at], _weights(rows))
            codes[at] = objects([row["code"] for row in rows])[ground]
            reasons[at] = objects([row["reason"] for row in rows])[ground]
            exits[at] = objects([row["exit"] for row in rows])[ground]
    out = day + 20 + city.draw.below(part.stream + "/stay", part.index, 700)
    left = (out <= city.days.today) & (city.draw.below(part.stream + "/left", part.index, 3) > 0)
    out = city.days.working(np.minimum(out, city.days.today))
    years = city.days.years
    serials = part.serials()
    short = part.department.short
    flags = left.tolist()
    name = part.department.name_zh
    return {
        **_subject(identity),
        **_organ(part, len(flags)),
        "reason_code": codes.tolist(),
        "reason_in": reasons.tolist(),
        "date_in": city.days.texts(day),
        "document_in": [
            f"{short}列异字〔{year}〕{serial:04d}号" for year, serial in zip(years[day].tolist(), serials, strict=True)
        ],
        "reason_out": [text if gone else "" for text, gone in zip(exits.tolist(), flags, strict=True)],
        "date_out": [text if gone else "" for text, gone in zip(city.days.texts(out), flags, strict=True)],
        "authority_out": [name if gone else "" for gone in flags],
        "document_out": [
            f"{short}移异字〔{year}〕{serial:04d}号" if gone else ""
            for year, serial, gone in zip(years[out].tolist(), serials, flags, strict=True)
        ],
        "left": ["1" if gone else "0" for gone in flags],
        "remark": [""] * len(flags),
    }


def serious(city: City, part: Slice) -> Columns:
    """Entries of the list of serious violations and dishonesty: three years, some left early."""
    rows = wording.load("lists")["serious"]
    subject, _ = city.population.spread("EI", part.index)
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    ground = city.draw.weighted(part.stream + "/ground", part.index, _weights(rows))
    early = city.draw.below(part.stream + "/early", part.index, 4) == 0
    out = day + np.where(early, 400, 3 * 365)
    left = out <= city.days.today
    out = city.days.working(np.minimum(out, city.days.today))
    years = city.days.years
    short = part.department.short
    serials, flags = part.serials(), left.tolist()
    name = part.department.name_zh
    reasons_out = np.where(
        early, "列入满一年，已自觉履行行政处罚决定中规定的义务并消除危害后果，申请提前移出", "列入满三年，依法移出"
    ).tolist()
    return {
        **_subject(identity),
        **_organ(part, len(flags)),
        "reason_code": _column(rows, "code", ground),
        "reason_in": _column(rows, "reason", ground),
        "date_in": city.days.texts(day),
        "document_in": [
            f"{short}严列字〔{year}〕{serial:03d}号" for year, serial in zip(years[day].tolist(), serials, strict=True)
        ],
        "planned_end": city.days.after_years(day, np.full(len(day), 3, dtype=np.int64)),
        "reason_out": [text if gone else "" for text, gone in zip(reasons_out, flags, strict=True)],
        "date_out": [text if gone else "" for text, gone in zip(city.days.texts(out), flags, strict=True)],
        "authority_out": [name if gone else "" for gone in flags],
        "document_out": [
            f"{short}严移字〔{year}〕{serial:03d}号" if gone else ""
            for year, serial, gone in zip(years[out].tolist(), serials, flags, strict=True)
        ],
        "left": ["1" if gone else "0" for gone in flags],
        "remark": [""] * len(flags),
    }


def commitment(city: City, part: Slice) -> Columns:
    """Credit commitments, twenty items; the code is region 6 + day 8 + serial 6."""
    rows = wording.load("lists")["commitment"]
    texts = wording.load("lists")["commitment_texts"]
    subject = city.population.pick("EICSLN", part.stream + "/subject", part.index)
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    kind = city.draw.weighted(part.stream + "/kind", part.index, _weights(rows))
    repair = [row["kind"] for row in rows].index("信用修复型")
    state = city.draw.weighted(part.stream + "/state", part.index, [90, 6, 4])
    found = city.days.working(
        np.minimum(day + 60 + city.draw.below(part.stream + "/found", part.index, 200), city.days.today)
    )
    failed = (state > 0).tolist()
    iso = city.days.texts(day)
    # Serials of one department never meet those of another: each has its own range of the six digits.
    offset = sorted(city.departments).index(part.department.code) * 37_000
    codes = [
        f"990100{text[0:4]}{text[5:7]}{text[8:10]}{(offset + serial) % 1_000_000:06d}"
        for text, serial in zip(iso, part.serials(), strict=True)
    ]
    count = len(codes)
    return {
        "commitment_code": codes,
        **_subject(identity),
        "code": identity.credit_codes,
        **_organ(part, count),
        "type": _column(rows, "kind", kind),
        "matter": _column(rows, "matter", kind),
        "content": _column(rows, "content", kind),
        "liability": [texts["liability"]] * count,
        "made_on": iso,
        "valid_until": city.days.after_years(day, np.where(kind == 1, 0, 1)),
        "state": objects([_MET, _PARTLY, _UNMET])[state].tolist(),
        "unmet": [texts["unmet"] if bad else "" for bad in failed],
        "measure": [texts["measure"] if bad else "" for bad in failed],
        "found_on": city.days.texts(found),
        "found_by": [part.department.name_zh] * count,
        "found_by_code": [part.department.credit_code] * count,
        "public": objects(["可向社会公开", "特定范围内公开", "不可公开"])[
            # A commitment for repair is for organs only: in public it would tell of the penalty that was repaired.
            np.where(kind == repair, 1, city.draw.weighted(part.stream + "/public", part.index, [95, 4, 1]))
        ].tolist(),
        "remark": [""] * count,
    }


def honour(city: City, part: Slice) -> Columns:
    """Honours that one department gives."""
    rows = [row for row in wording.load("lists")["honour"] if row["department"] == part.department.code]
    matter = city.draw.weighted(part.stream + "/matter", part.index, _weights(rows))
    subject = np.zeros(len(matter), dtype=np.int64)
    for at, row in enumerate(rows):
        chosen = np.flatnonzero(matter == at)
        if len(chosen):
            subject[chosen], _ = city.population.spread(row["for"], part.index[chosen])
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    years = np.array([row["years"] for row in rows], dtype=np.int64)[matter]
    bases, honours = _column(rows, "basis", matter), _column(rows, "name", matter)
    year = city.days.years[day].tolist()
    serials = part.serials()
    count = len(serials)
    return {
        **_subject(identity),
        "code": identity.credit_codes,
        **_organ(part, count),
        "kind": _column(rows, "kind", matter),
        "honour": honours,
        "level": _column(rows, "level", matter),
        "content": [f"依据{basis}评定为{name}" for basis, name in zip(bases, honours, strict=True)],
        "year": [str(value - 1) for value in year],
        "document": [
            f"{part.department.short}评〔{value}〕{serial:04d}号" for value, serial in zip(year, serials, strict=True)
        ],
        "date": city.days.texts(day),
        "valid_from": city.days.texts(day),
        "valid_until": city.days.after_years(day, years),
        "remark": [""] * count,
    }


def annual(city: City, part: Slice) -> Columns:
    """Heads of annual reports: an entity files once a year, from January to June, for the year before."""
    subject, turn = city.population.spread("EIC", part.index)
    identity = city.population.identity(subject)
    days = city.days
    last = int(days.years[days.today])
    back = (turn + city.draw.below("annual/year", subject, _REPORT_YEARS)) % _REPORT_YEARS
    new_year = np.array([days.number(date(last - at, 1, 1)) for at in range(_REPORT_YEARS)], dtype=np.int64)
    day = new_year[back] + 2 + city.draw.below(part.stream + "/day", part.index, 178)
    day = days.working(np.minimum(np.maximum(day, identity.established), days.today))
    year = days.years[day]
    count = len(day)
    state = city.draw.weighted(part.stream + "/state", part.index, [96, 3, 1])
    return {
        **_subject(identity),
        **_organ(part, count),
        "report_id": [f"NB{value}{serial:010d}" for value, serial in zip(year.tolist(), part.serials(), strict=True)],
        "report_year": [str(value - 1) for value in year.tolist()],
        "filed_on": days.texts(day),
        "state": objects(["开业", "歇业", "清算"])[state].tolist(),
    }
