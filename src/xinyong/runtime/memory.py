"""How a process that moves columns of many megabytes keeps its memory."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MIB = 1 << 20


@cache
def keep_large_blocks() -> bool:
    """Let the C library use large blocks again instead of giving each back to the kernel.

    A batch makes and drops arrays of ten to a hundred megabytes. By default each of them is mapped and cleared anew,
    which costs more than many a check. Returns whether the library took the advice (glibc only; elsewhere nothing happens).
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((_M_MMAP_THRESHOLD, 512 * _MIB), (_M_TRIM_THRESHOLD, 512 * _MIB), (_M_TOP_PAD, 16 * _MIB))
    return all([bool(mallopt(name, value)) for name, value in wanted])
