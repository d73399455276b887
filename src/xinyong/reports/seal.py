"""The red seal as a picture. It proves nothing: the signature does. Drawn glyph by glyph, so every renderer agrees."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

RED = "#C4161C"
DEMO = "演示专用"


def seal(text: str, below: str) -> str:
    """A round seal as SVG: ``text`` along the arc, a star, ``below`` under it."""
    size, radius = 200.0, 76.0
    middle = size / 2
    glyphs = []
    # The text takes at most 250 degrees, and stands closer when it is long.
    step = min(26.0, 250.0 / max(1, len(text) - 1))
    start = -step * (len(text) - 1) / 2
    letter = min(26.0, step * 1.15)
    for place, character in enumerate(text):
        angle = start + step * place
        across = middle + radius * math.sin(math.radians(angle))
        down = middle - radius * math.cos(math.radians(angle))
        glyphs.append(
            f'<text x="{across:.2f}" y="{down:.2f}" font-size="{letter:.1f}" text-anchor="middle" '
            f'dominant-baseline="central" transform="rotate({angle:.2f} {across:.2f} {down:.2f})">{escape(character)}</text>'
        )
    star = " ".join(
        f"{middle + reach * math.sin(math.radians(36 * point)):.2f},{middle - 4 - reach * math.cos(math.radians(36 * point)):.2f}"
        for point in range(10)
        for reach in (24.0 if point % 2 == 0 else 9.2,)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size:.0f} {size:.0f}" fill="{RED}" '
        'font-family="Noto Serif CJK SC" font-weight="700">'
        f'<circle cx="{middle}" cy="{middle}" r="96" fill="none" stroke="{RED}" stroke-width="5"/>'
        f'<polygon points="{star}"/>{"".join(glyphs)}'
        f'<text x="{middle}" y="{middle + 50}" font-size="19" text-anchor="middle" font-family="Noto Sans CJK SC">'
        f"{escape(below)}</text></svg>"
    )
