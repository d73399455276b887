"""Helpers of the standards tests: the reference data beside the checkout, and made-up codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st

from xinyong.standards import organisation_code
from xinyong.standards.credit_code import ALPHABET, PREFIXES, check_character

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real registrations beside the checkout; they have no licence to be shipped, so it may be absent."""
    folder = _ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real reference data not present at {folder}")
    return folder


def make_code(prefix: str, region: str, organisation_body: str) -> str:
    """A valid credit code with these parts."""
    body = prefix + region + organisation_body + organisation_code.check_character(organisation_body)
    return body + check_character(body)


credit_codes: st.SearchStrategy[str] = st.builds(
    make_code,
    st.sampled_from(sorted(PREFIXES)),
    st.sampled_from(["410711", "110000", "990102", "100000", "610131", "340100"]),
    st.text(alphabet=ALPHABET, min_size=8, max_size=8),
)
