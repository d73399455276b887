"""What a reader is told about why a name was found: a label, and what was corrected, in Chinese and English. Pure."""

from __future__ import annotations

from typing import Final

from xinyong.registry.search.explain import Kind, Reason

#: Code of each kind: in commands, JSON and templates.
CODES: Final = {kind: kind.name.lower() for kind in Kind}

#: Label in Chinese and English, tone of the chip.
LABELS: Final = {
    "code": ("统一社会信用代码", "Credit code", "blue"),
    "number": ("登记号码", "Registered number", "blue"),
    "name": ("登记名称", "Registered name", "green"),
    "form": ("组织形式不同", "Other legal form", "green"),
    "short": ("简称", "Short form", "green"),
    "prefix": ("名称开头", "Begins with", "grey"),
    "part": ("名称包含", "Contains", "grey"),
    "place": ("地名不同", "Other place", "amber"),
    "pinyin": ("拼音", "Pinyin", "blue"),
    "initials": ("首字母", "Initials", "blue"),
    "sound": ("近音", "Sounds like", "violet"),
    "shape": ("近形", "Looks like", "violet"),
    "typo": ("纠错", "Corrected", "amber"),
    "missing": ("补字", "Added", "amber"),
    "extra": ("去字", "Left out", "amber"),
    "swap": ("换位", "Swapped", "amber"),
    "words": ("部分文字相同", "Words in common", "grey"),
    "former": ("曾用名", "Former name", "amber"),
    "reported": ("部门报送名称", "Name as reported", "grey"),
    "english": ("英文名称", "English name", "blue"),
}
#: Kinds of names that are told beside the reason, since the reader sees another name first.
NAME_KINDS: Final = ("former", "reported", "short", "english")


def code_of(reason: Reason) -> str:
    """The code of a reason."""
    return CODES[reason.kind]


def correction(code: str, wrote: str, meant: str, language: str = "zh") -> str:
    """What was corrected, as short as a chip: 源→原, 补“有”, 去“大”. Empty where nothing was."""
    if code in ("sound", "shape", "typo", "swap"):
        return f"{wrote}→{meant}"
    if code == "missing":
        return f"“{meant}”"
    if code == "extra":
        return f"“{wrote}”"
    if code == "place":
        nowhere = "无" if language == "zh" else "none"
        return f"{wrote or nowhere} / {meant or nowhere}"
    return ""


def label(code: str, wrote: str = "", meant: str = "", language: str = "zh") -> str:
    """The whole text of a chip: 近音 源→原."""
    zh, en, _ = LABELS[code]
    said = correction(code, wrote, meant, language)
    return " ".join(filter(None, (en if language == "en" else zh, said)))


def tone(code: str) -> str:
    """The tone of the chip."""
    return LABELS[code][2]


#: What a look-up was, for the page that says what was tried.
TRIED: Final = {
    "name": ("登记名称、曾用名和部门报送名称完全一致", "the same registered, former or reported name"),
    "part": ("名称中任意一段含有所输文字", "names that contain the text anywhere"),
    "begin": ("去掉地名后以所输文字开头", "names that begin with the text after the region"),
    "short": ("去掉地名和组织形式后的简称", "the short form without region and legal form"),
    "slip": ("错一字、少一字、多一字、相邻两字写反", "one wrong, missing or extra character, or two swapped"),
    "sound": ("读音相同或相近的字", "characters that sound alike"),
    "shape": ("字形相近的字", "characters that look alike"),
    "pinyin": ("拼音和首字母", "pinyin and initials"),
    "mixed": ("汉字与拼音混合", "characters and pinyin together"),
}
