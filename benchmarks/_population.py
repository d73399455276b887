"""A register's worth of company names with the skew of real ones: a few regions, brands and trades have most of them.

The parts (regions in front, brands, trades, legal forms) are counted in real names beside the checkout and drawn by
their real frequency. Half of the brands are spelled anew by a chain over the characters of real brands, so that rare
brands are as many as in a register. Without the real material the words of the demonstration city are drawn instead;
the result then says so.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from xinyong.registry.search import anatomy
from xinyong.standards import names

DATA = Path(__file__).parents[2] / "shared" / "data"
_FILES = (
    ("registration/registration_a.csv.gz", "企业名称"),
    ("registration/registration_slim_a.csv.gz", "企业名称"),
    ("names/a_share_names_a.csv.gz", "full_2021"),
)
_TRADE_LEAST = 25


def real_names() -> list[str]:
    """Real registered names, in the order of the files; empty where the material is absent."""
    found: dict[str, None] = {}
    for path, column in _FILES:
        if (DATA / path).is_file():
            with gzip.open(DATA / path, "rt", encoding="utf-8") as handle:
                found.update(dict.fromkeys(row[column] for row in csv.DictReader(handle) if row[column]))
    return list(found)


def _demonstration() -> list[str]:
    """Names of made-up words, where no real name is at hand."""
    from importlib.resources import files

    import yaml

    words = yaml.safe_load((files("xinyong.datapacks") / "demo" / "names.yml").read_text(encoding="utf-8"))
    first, second = ("".join(words[key].split()) for key in ("first", "second"))
    trades = ("商贸", "科技", "建材", "物流", "餐饮管理", "建筑工程", "信息技术", "农业发展")
    places = [place for place, _ in words["places"]]
    return [
        f"{place}{one}{other}{trades[(at + step) % len(trades)]}有限公司"
        for at, (one, place) in enumerate(zip(first, places * len(first), strict=False))
        for step, other in enumerate(second)
        for _ in range(1 + 60 // (1 + step))
    ]


class Deck:
    """Draws an item as often as it was counted."""

    def __init__(self, counts: Counter[str]) -> None:
        self.items = list(counts)
        self.weights = list(accumulate(counts.values()))

    def draw(self, source: random.Random, count: int) -> list[str]:
        return source.choices(self.items, cum_weights=self.weights, k=count)


class Population:
    """``names(n)`` gives n different names, the same for the same seed; real names first among them."""

    def __init__(self, seed: int = 20261125) -> None:
        self.source = random.Random(seed)
        self.real = real_names()
        self.from_real = bool(self.real)
        base = self.real or _demonstration()
        shorts, regions, forms = [], Counter[str](), Counter[str]()
        for name in base:
            part = anatomy.of(name)
            if not part.key.startswith(part.body):
                continue
            regions[part.body[: part.cut]] += 1
            forms[part.key[len(part.body) :]] += 1
            shorts.append(part.short)
        tails = Counter(short[-size:] for short in shorts for size in (2, 3, 4, 5, 6) if len(short) >= size + 2)
        brands, trades = Counter[str](), Counter[str]()
        self.chain: dict[str, Counter[str]] = defaultdict(Counter)
        for short in shorts:
            tail = next(
                (
                    short[-size:]
                    for size in (6, 5, 4, 3, 2)
                    if len(short) >= size + 2 and tails[short[-size:]] >= _TRADE_LEAST
                ),
                "",
            )
            brand = short[: len(short) - len(tail)]
            trades[tail] += 1
            if 2 <= len(brand) <= 4:
                brands[brand] += 1
                for one, other in zip(f"^{brand}", f"{brand}$", strict=True):
                    self.chain[one][other] += 1
        self.decks = {"region": Deck(regions), "form": Deck(forms), "trade": Deck(trades), "brand": Deck(brands)}
        self.steps = {char: Deck(counts) for char, counts in self.chain.items()}

    def _new_brand(self) -> str:
        brand, char = "", "^"
        while len(brand) < 4:
            char = self.steps[char].draw(self.source, 1)[0]
            if char == "$":
                if len(brand) >= 2:
                    break
                char = brand[-1]
                continue
            brand += char
        return brand

    def names(self, count: int) -> Iterator[str]:
        """Different names, ``count`` of them."""
        seen = set()
        for name in self.real[:count]:
            key = hash(names.matching_key(name))
            if key not in seen:
                seen.add(key)
                yield name
        while len(seen) < count:
            size = 50_000
            drawn = [self.decks[kind].draw(self.source, size) for kind in ("region", "brand", "trade", "form")]
            for region, brand, trade, form in zip(*drawn, strict=True):
                brand = brand if self.source.random() < 0.5 else self._new_brand()
                name = f"{region}{brand}{trade}{form}"
                key = hash(name)
                if key not in seen and len(name) >= 4:
                    seen.add(key)
                    yield name
                    if len(seen) >= count:
                        return
