"""Rows of licences and penalties, in the layouts of 2018 and 2015."""

from __future__ import annotations

import numpy as np

from xinyong.demo import wording
from xinyong.demo.draw import I64
from xinyong.demo.entities import objects
from xinyong.demo.rows import (
    City,
    Columns,
    Slice,
    choose,
    decided,
    numbers_in_text,
    old_subject_columns,
    subject_columns,
)

FINE = "罚款"
CONFISCATION = "没收违法所得、没收非法财物"
SUSPENSION = "暂扣或者吊销许可证、暂扣或者吊销执照"
STOP = "责令停产停业"
WARNING = "警告"
#: Years a penalty record is valid, by grade.
_VALID_YEARS = {"minor": 1, "general": 1, "serious": 3}


def wan(yuan: int) -> str:
    """Yuan as 万元 with the six decimals of the standard."""
    return f"{yuan // 10_000}.{yuan % 10_000 * 100:06d}"


def licence(city: City, part: Slice) -> Columns:
    """Licences of one department."""
    matters = wording.licences()[part.department.code]
    matter, subject = choose(city, part, [row.weight for row in matters], [row.letters for row in matters])
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    years = city.days.years[day].tolist()
    serials = part.serials()
    chosen = matter.tolist()
    small, middle, large = numbers_in_text(city, part)
    short = part.department.short
    # The 2015 files number apart, so that a decision of 2018 never has two meanings.
    mark = "许字" if part.old else "许准字"
    documents = [f"{short}{mark}〔{year}〕{serial:04d}号" for year, serial in zip(years, serials, strict=True)]
    numbers = [
        matters[at].number.format(code=code, year=year, n=serial)
        for at, code, year, serial in zip(chosen, identity.known_codes, years, serials, strict=True)
    ]
    contents = [
        matters[at].content.format(n=three, n1=one, n2=two, n3=three)
        for at, one, two, three in zip(chosen, small, middle, large, strict=True)
    ]
    terms = np.array([row.years for row in matters], dtype=np.int64)[matter]
    until = city.days.after_years(day, terms)
    text = objects([row.title for row in matters])[matter].tolist()
    kinds = objects([row.kind for row in matters])[matter].tolist()
    today = city.days.iso[city.days.today]
    count = len(serials)
    if part.old:
        return {
            **old_subject_columns(identity, "XK", "XK_XDR"),
            "XK_WSH": documents,
            "XK_XMMC": text,
            "XK_SPLB": kinds,
            "XK_NR": contents,
            "XK_JDRQ": city.days.texts(day),
            "XK_JZQ": until,
            "XK_XZJG": [part.department.name_zh] * count,
            "XK_ZT": ["0"] * count,
            **_provenance(city, day, count),
        }
    return {
        **subject_columns(identity, "XK", part.index % 4 == 0),
        "XK_XKWS": text,
        "XK_WSH": documents,
        "XK_XKLB": kinds,
        "XK_XKZS": objects([row.certificate for row in matters])[matter].tolist(),
        "XK_XKBH": numbers,
        "XK_NR": contents,
        "XK_JDRQ": city.days.texts(day),
        "XK_YXQZ": city.days.texts(day),
        "XK_YXQZI": until,
        "XK_XKJG": [part.department.name_zh] * count,
        "XK_XKJGDM": [part.department.credit_code] * count,
        "XK_ZT": ["1" if end >= today else "2" for end in until],
        "XK_LYDW": [part.department.name_zh] * count,
        "XK_LYDWDM": [part.department.credit_code] * count,
        "BZ": [""] * count,
    }


def _provenance(city: City, day: I64, count: int) -> Columns:
    """Region, time stamp and remark of the 2015 layouts."""
    return {
        "DFBM": ["990100"] * count,
        "SJC": [f"{text} 10:00:00" for text in city.days.texts(day)],
        "BZ": [""] * count,
    }


def _amounts(city: City, part: Slice, matter: I64, what: str, ranges: list[tuple[int, int, int] | None]) -> list[int]:
    """Yuan for every row, small amounts more often; 0 where the matter has none."""
    low = np.array([row[0] if row else 0 for row in ranges], dtype=np.int64)[matter]
    step = np.array([row[2] if row else 1 for row in ranges], dtype=np.int64)[matter]
    steps = np.array([(row[1] - row[0]) // row[2] if row else 0 for row in ranges], dtype=np.int64)[matter]
    luck = city.draw.unit(f"{part.stream}/{what}", part.index)
    amounts: list[int] = (low + (luck * luck * luck * (steps + 1)).astype(np.int64) * step).tolist()
    return amounts


def _result(kinds: tuple[str, ...], fine: int, confiscated: int, paper: str) -> str:
    """处罚内容 in words, from the same numbers as the amount columns."""
    parts = []
    for kind in kinds:
        if kind == FINE:
            parts.append(f"罚款人民币{fine}元")
        elif kind == CONFISCATION:
            parts.append(f"没收违法所得人民币{confiscated}元")
        elif kind == SUSPENSION:
            parts.append(f"吊销{paper.split(' ')[0]}")
        elif kind == STOP:
            parts.append("责令停产停业整顿")
        elif kind == WARNING:
            parts.append("给予警告")
        else:
            parts.append(kind.removeprefix("其他-"))
    return "；".join(parts) + "。"


def penalty(city: City, part: Slice) -> Columns:
    """Penalties of one department."""
    matters = wording.penalties()[part.department.code]
    matter, subject = choose(city, part, [row.weight for row in matters], [row.letters for row in matters])
    identity = city.population.identity(subject)
    day = decided(city, part, identity.established)
    years = city.days.years[day].tolist()
    serials = part.serials()
    chosen = matter.tolist()
    small, middle, large = numbers_in_text(city, part)
    fines = _amounts(city, part, matter, "fine", [row.fine for row in matters])
    confiscated = _amounts(city, part, matter, "confiscated", [row.confiscated for row in matters])
    short = part.department.short
    mark = "罚字" if part.old else "罚决"
    documents = [f"{short}{mark}〔{year}〕{serial:04d}号" for year, serial in zip(years, serials, strict=True)]
    facts = [
        matters[at].fact.format(n1=one, n2=two, n3=three)
        for at, one, two, three in zip(chosen, small, middle, large, strict=True)
    ]
    papers = [
        matters[at].paper.format(code=code, n=serial) if matters[at].paper else ""
        for at, code, serial in zip(chosen, identity.known_codes, serials, strict=True)
    ]
    results = [
        _result(matters[at].kinds, fine, taken, paper)
        for at, fine, taken, paper in zip(chosen, fines, confiscated, papers, strict=True)
    ]
    types = objects([row.type for row in matters])[matter].tolist()
    bases = objects([row.basis for row in matters])[matter].tolist()
    valid = np.array([_VALID_YEARS[row.grade] for row in matters], dtype=np.int64)[matter]
    until = city.days.after_years(day, valid)
    count = len(serials)
    if part.old:
        return {
            **old_subject_columns(identity, "CF", "CF_XDR_MC"),
            "CF_WSH": documents,
            "CF_CFMC": types,
            "CF_CFLB1": objects([row.kinds[0] for row in matters])[matter].tolist(),
            "CF_CFLB2": objects([row.kinds[1] if len(row.kinds) > 1 else "" for row in matters])[matter].tolist(),
            "CF_SY": facts,
            "CF_YJ": bases,
            "CF_JG": results,
            "CF_JDRQ": city.days.texts(day),
            "CF_XZJG": [part.department.name_zh] * count,
            "CF_ZT": ["0"] * count,
            **_provenance(city, day, count),
        }
    has_fine = [FINE in row.kinds for row in matters]
    has_taken = [CONFISCATION in row.kinds for row in matters]
    return {
        **subject_columns(identity, "CF", part.index % 4 == 0),
        "CF_WSH": documents,
        "CF_WFXW": types,
        "CF_SY": facts,
        "CF_YJ": bases,
        "CF_CFLB": objects([";".join(row.kinds) for row in matters])[matter].tolist(),
        "CF_NR": results,
        "CF_NR_FK": [wan(fine) if has_fine[at] else "" for at, fine in zip(chosen, fines, strict=True)],
        "CF_NR_WFFF": [wan(taken) if has_taken[at] else "" for at, taken in zip(chosen, confiscated, strict=True)],
        "CF_NR_ZKDX": papers,
        "CF_JDRQ": city.days.texts(day),
        "CF_YXQ": until,
        "CF_GSJZQ": [""] * count,
        "CF_CFJG": [part.department.name_zh] * count,
        "CF_CFJGDM": [part.department.credit_code] * count,
        "CF_SJLY": [part.department.name_zh] * count,
        "CF_SJLYDM": [part.department.credit_code] * count,
        "BZ": [""] * count,
    }
