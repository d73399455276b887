"""Names of columns as departments write them, made comparable."""

from __future__ import annotations

import unicodedata

#: A hidden name of a workbook that begins so carries the mark of the form it was made from, in hexadecimal.
MARK_NAME = "_xinyong_template_"


def normal_column(name: str) -> str:
    """The name for comparing: half width, no white space, no byte order mark, one case.

    Departments write 行政相对人代码_1（统一社会信用代码） and 行政相对人代码_1 (统一社会信用代码) for the same column, and
    ``xk_xdr_mc`` for ``XK_XDR_MC``. Nothing else is forgiven: a different word is a different column.
    """
    text = unicodedata.normalize("NFKC", name).replace("\ufeff", "")
    return "".join(text.split()).casefold()
