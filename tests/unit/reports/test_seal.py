from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from xinyong.reports import seal


@pytest.mark.parametrize(
    "text", ["局", "示例市发展和改革委员会电子印章", "某某省某某市某某区公共信用信息中心电子印章专用章"]
)
def test_every_character_is_drawn_inside_the_ring(text: str) -> None:
    drawn = ET.fromstring(seal.seal(text, seal.DEMO))
    letters = [element for element in drawn if element.tag.endswith("text")]
    assert "".join(element.text or "" for element in letters) == text + seal.DEMO
    assert all(0 < float(element.attrib["x"]) < 200 for element in letters)


def test_text_is_never_markup() -> None:
    drawn = ET.fromstring(seal.seal("<&>", ""))
    assert [element.text for element in drawn if element.tag.endswith("text")][:3] == ["<", "&", ">"]
