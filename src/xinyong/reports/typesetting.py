"""From content to PDF, by Typst. Data travels as JSON text, so no value can ever be markup."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst

from xinyong.errors import ErrorCode, XinyongError

TEMPLATES = Path(__file__).parent / "typst"
#: Where Debian and Ubuntu (fonts-noto-cjk) and Red Hat keep the Chinese fonts the report is set in.
FONT_FOLDERS = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/google-noto-cjk"),
    Path("/usr/share/fonts/noto-cjk"),
)
_FONT = "NotoSansCJK-Regular.ttc"


class FontsMissing(XinyongError):
    """The Chinese fonts of the report are not installed on the server."""

    code = ErrorCode.FONTS_MISSING
    status = 503
    exit_code = 3
    zh = "服务器没有安装报告所用的中文字体，暂时不能出具报告。请管理员安装 fonts-noto-cjk 后重试。"
    en = "The Chinese fonts of the report are not installed on the server: install fonts-noto-cjk and try again."


def font_folder() -> Path:
    """The folder with the fonts. Raises FontsMissing."""
    for folder in FONT_FOLDERS:
        if (folder / _FONT).is_file():
            return folder
    raise FontsMissing()


@cache
def _compiler(process: int, template: str) -> typst.Compiler:
    # One compiler a process: its font book takes 0.3 s to build. The number keeps a fork from sharing its parent's.
    del process
    return typst.Compiler(
        input=str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
    )


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """The document as PDF/A-3a (declared; tagged). Raises FontsMissing."""
    compiler = _compiler(os.getpid(), template)
    made = compiler.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-3a"],
    )
    assert isinstance(made, bytes)  # one output file is asked for
    return made
