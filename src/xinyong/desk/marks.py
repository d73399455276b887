"""What differs between two texts, character by character, for two texts side by side. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

from xinyong.standards import names

#: Longer texts are compared as wholes: nobody reads marks in a page of text.
_LONGEST = 200

Pieces = tuple[tuple[str, bool], ...]


def pieces(text: str, other: str) -> Pieces:
    """``text`` in pieces, each with whether it differs from ``other``. Width, case and script do not count."""
    if not text:
        return ()
    if not other:
        return ((text, False),)
    if len(text) > _LONGEST or len(other) > _LONGEST:
        return ((text, names.matching_key(text) != names.matching_key(other)),)
    # Keys of single characters keep the places: a dropped character becomes itself.
    own = [names.matching_key(character) or character for character in text]
    others = [names.matching_key(character) or character for character in other]
    same = [False] * len(text)
    for block in SequenceMatcher(None, own, others, autojunk=False).get_matching_blocks():
        for place in range(block.a, block.a + block.size):
            same[place] = True
    result: list[tuple[str, bool]] = []
    for character, equal in zip(text, same, strict=True):
        differs = not equal and not character.isspace()
        if result and result[-1][1] == differs:
            result[-1] = (result[-1][0] + character, differs)
        else:
            result.append((character, differs))
    return tuple(result)
