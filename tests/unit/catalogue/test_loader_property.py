"""Whatever a file holds, the loader answers with an entry or with CatalogueInvalid, never with another error."""

from __future__ import annotations

from importlib.resources import files

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xinyong.catalogue.errors import Mistake
from xinyong.catalogue.loader import load_packaged, read_entry

from .conftest import GOOD, LISTS

_PENALTY = (files("xinyong.datapacks") / "datasets" / "penalty.yml").read_bytes()
_PIECES = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "ignore")),
    st.sampled_from(
        [b"null", b"[]", b"{}", b": ", b"- ", b"\n", b"'", b'"', b"&a", b"*a", b"<<: ", b"!!map", b"0x1F", b"1_000", b"yes",
         b"2020-13-01", b"9" * 400, b"1e999", b".inf", b"natural_person", b"=", b"? ", b"|\n  x", b"\t", b"\xef\xbb\xbf"]
    ),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, origin: bytes) -> bytes:
    content = origin
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 1, 2, 5, 20, 200]))
        content = content[:start] + draw(_PIECES) + content[start + length :]
    return content


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(GOOD.encode()))
@example(b"\x00")
@example(b"kind: dataset\nfields: 1\n")
@example(b"kind: bundle\n")
@example(b"kind: [dataset]\n")
def test_mutated_sample_never_raises_anything_else(content: bytes) -> None:
    mistakes: list[Mistake] = []
    entry = read_entry(content, "sample.yml", LISTS, mistakes)
    assert entry is not None or mistakes
    assert all(mistake.line >= 1 and mistake.zh and mistake.en for mistake in mistakes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutated(_PENALTY))
def test_mutated_penalty_entry_never_raises_anything_else(content: bytes) -> None:
    mistakes: list[Mistake] = []
    entry = read_entry(content, "penalty.yml", load_packaged().code_lists, mistakes)
    assert entry is not None or mistakes
