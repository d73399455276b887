"""A String column as the bytes it consists of, without a copy.

Polars keeps a text as a view of sixteen bytes: its length, and either the text itself (up to twelve bytes) or its first
four bytes and where the rest lies. Length, first bytes and short texts such as dates can so be judged for a whole
column at the speed of numpy. The arrays are read through the Arrow C interface and must not be written to.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: Longest text that lies in its view.
INLINE = 12
_VIEW = 16
_FORMAT = b"vu"


class _Schema(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_void_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    ]


class _Array(ctypes.Structure):
    _fields_ = [
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    ]


class _Stream(ctypes.Structure):
    _fields_ = [
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Schema))),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Array))),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    ]


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


class _Lease:
    """Keeps the exported memory until the last array that shows it is gone."""

    def __init__(self, array: _Array) -> None:
        self._array = array

    def __del__(self) -> None:
        if self._array.release:
            self._array.release(ctypes.addressof(self._array))


@dataclass(frozen=True)
class Views:
    """The views of a column. ``bytes`` is (rows, 16); ``buffers`` hold the texts longer than twelve bytes."""

    bytes: Bytes
    buffers: tuple[Bytes, ...]
    filled: Mask
    _lease: Any

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Bytes of every text; 0 for null."""
        return np.where(self.filled, self.bytes.view("<i4")[:, 0], np.int32(0))

    @cached_property
    def first(self) -> Bytes:
        """First byte of every text; 0 for null and for empty."""
        return np.where(self.filled, self.bytes[:, 4], np.uint8(0))

    def hold_special(self) -> bool:
        """Whether a quote, a backslash or a control character may be among the bytes of the column.

        Never a wrong no; a yes may come from a neighbour that shares the memory.
        """
        short = self.bytes[self.filled & (self.bytes.view("<u4")[:, 0] <= INLINE)]
        if len(short):
            lengths, inside = short.view("<u4")[:, 0], short[:, 4:]
            # The rest of a view is zeros: more of them than that are in the text.
            low = int((inside < _SPACE).sum()) != INLINE * len(short) - int(lengths.sum())
            if low or (inside == _QUOTE).any() or (inside == _BACKSLASH).any():
                return True
        return any(_special(buffer) for buffer in self.buffers)


_SPACE, _QUOTE, _BACKSLASH = 0x20, 0x22, 0x5C
_PIECE = 1 << 17


def _special(buffer: Bytes) -> bool:
    # A piece stays in the cache while it is looked through three times.
    for start in range(0, len(buffer), _PIECE):
        piece = buffer[start : start + _PIECE]
        text = piece.tobytes()
        if piece.min() < _SPACE or b'"' in text or b"\\" in text:
            return True
    return False


def views(column: pl.Series) -> Views:
    """The views of a String column. ``TypeError`` for another type."""
    if column.dtype != pl.String:
        raise TypeError(f"views are of String columns, not {column.dtype}")
    if column.is_empty():
        return Views(np.empty((0, _VIEW), np.uint8), (), np.empty(0, np.bool_), None)
    column = column.rechunk()
    capsule = column.__arrow_c_stream__()
    place = _pointer_of(capsule, b"arrow_array_stream")
    stream = _Stream.from_address(place)
    schema, array = _Schema(), _Array()
    if stream.get_schema(place, ctypes.byref(schema)) or stream.get_next(place, ctypes.byref(array)):
        raise RuntimeError("the column could not be exported")
    known = schema.format == _FORMAT
    schema.release(ctypes.addressof(schema))
    lease = _Lease(array)
    if not known or array.length != len(column):
        raise RuntimeError("Polars exports String columns in another form")
    size, offset = array.length, array.offset
    matrix = _array(array.buffers[1], (offset + size) * _VIEW, lease).reshape(-1, _VIEW)[offset:]
    count = array.n_buffers - 3
    lengths = _array(array.buffers[array.n_buffers - 1], count * 8, lease).view("<i8") if count else ()
    buffers = tuple(
        _array(array.buffers[2 + number], int(length), lease) for number, length in enumerate(lengths) if length
    )
    if len(buffers) != count:  # an empty buffer would shift the numbers the views carry
        raise RuntimeError("Polars exported an empty buffer")
    filled = np.ones(size, dtype=np.bool_) if not column.null_count() else column.is_not_null().to_numpy()
    return Views(matrix, buffers, filled, lease)


def _array(address: int | None, size: int, lease: _Lease) -> Bytes:
    if not size or not address:
        return np.empty(0, dtype=np.uint8)
    memory = (ctypes.c_uint8 * size).from_address(address)
    memory.lease = lease  # type: ignore[attr-defined]  # the array holds the memory, the memory holds the lease
    return np.frombuffer(memoryview(memory), dtype=np.uint8)
