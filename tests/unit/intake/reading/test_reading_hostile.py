"""Hostile and broken files: each gets its one clear answer, quickly and in flat memory."""

from __future__ import annotations

import contextlib
import gzip
import os
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import pytest

from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.reading import (
    FileDamaged,
    FileEmpty,
    FileEncoding,
    FileFormat,
    FileMissing,
    FileNotRegular,
    FileTooLarge,
    Limits,
    open_source,
    sha256_of,
)


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", b"\n\n  \r\n", b"\xff\xfe", b",,,\n,,\n", gzip.compress(b"", mtime=0)]
)
def test_empty(give, content):
    with pytest.raises(FileEmpty) as caught:
        give(content)
    assert caught.value.code is ErrorCode.FILE_EMPTY


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7\n...", "PDF"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"7z\xbc\xaf\x27\x1c\x00", "7z"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "加密"),
        (b"<!DOCTYPE html><html><table>", "HTML"),
        (b"\xef\xbb\xbf <html><body>", "HTML"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b'[{"a": 1}]', "JSON 数组"),
        (b"SQLite format 3\x00" + b"\0" * 50, "SQLite"),
        (b"PAR1....", "Parquet"),
        (bytes(range(32)) * 40, "二进制"),
        (gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "重复压缩"),
        (gzip.compress(b"PK\x03\x04....", mtime=0), "XLSX"),
        (gzip.compress(b"x" * 257 + b"ustar\x0000" + b"\0" * 300, mtime=0), "tar"),
        (b"a,b\n" + b"\0" * 70_000, "二进制"),
    ],
)
def test_other_contents_are_named(give, content, word):
    with pytest.raises(FileFormat) as caught:
        give(content)
    assert word in caught.value.message("zh")


def test_utf16_without_mark_and_damaged_utf16(give):
    with pytest.raises(FileEncoding):
        give("name,code\n1,2\n".encode("utf-16-le"))
    with pytest.raises(FileEncoding):
        give("a,b\n1,2\n".encode("utf-16") + b"x")
    with pytest.raises(FileEncoding):
        give("a,b\n".encode("utf-16") + b"\x00\xd8\x00\x00")


def test_gzip_damage(give):
    packed = gzip.compress(("a,b\n" + "1,2\n" * 5000).encode())
    for broken in (
        packed[:-20],
        packed[:30],
        packed[:-8] + b"\0" * 8,
        packed + b"trailing",
        packed[:12] + b"\xff" * 9 + packed[21:],
    ):
        with pytest.raises(FileDamaged):
            give(broken)


def test_gzip_bomb(give, tmp_path):
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(engine.compress(b"1,2\n" * 250_000) for _ in range(300)) + engine.flush()
    assert len(packed) < 2_000_000
    with pytest.raises(FileTooLarge) as caught:
        give(packed)
    assert "压缩比" in caught.value.message("zh")
    with pytest.raises(FileTooLarge):
        give(gzip.compress(b"a,b\n" + os.urandom(5000).hex().encode()), limits=Limits(max_expanded_bytes=5000))
    with pytest.raises(FileTooLarge):
        give(b"a,b\n" * 100, limits=Limits(max_file_bytes=100))


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "file").write_text("a,b\n")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "link", tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(FileNotRegular):
            open_source(path)
        with pytest.raises(FileNotRegular):
            sha256_of(path)
    for path in (tmp_path / "none", tmp_path / "file" / "x", Path("a\0b")):
        with pytest.raises(FileMissing):
            open_source(path)


def test_file_changed_while_read(tmp_path):
    path = tmp_path / "file"
    path.write_text("a,b\n" + "1,2\n" * 100)
    with pytest.raises(FileDamaged), open_source(path, Limits(batch_rows=10)) as source:
        for number, _ in enumerate(source.batches()):
            if number == 0:
                with path.open("a") as more:
                    more.write("3,4\n")


def test_every_refusal_speaks_both_languages(give):
    with pytest.raises(XinyongError) as caught:
        give(b"%PDF")
    told = caught.value.as_dict()
    assert told["error"] == "file-format" and told["message_zh"] != told["message_en"]
    assert "{" not in told["message_zh"] + told["message_en"]


def test_no_handle_is_left_open(give):
    give(b"a,b\n1,2\n")  # Polars keeps a few handles of its own from its first use on
    before = len(os.listdir("/proc/self/fd"))
    for content in (b"", b"%PDF", b"PK\x03\x04xx", b"a,a\n", gzip.compress(b"a,b\n")[:-3], b"a,b\n1,2\n"):
        with contextlib.suppress(XinyongError):
            give(content)
    assert len(os.listdir("/proc/self/fd")) == before


_GIANT = """
    import sys, time, zlib
    from pathlib import Path
    from xinyong.intake.reading import FileProblem, open_source
    path, kind = Path(sys.argv[1]), sys.argv[2]
    with path.open("wb") as out:
        if kind == "sparse":
            out.write(b"a,b\\n")
            out.write(b"x" * 100_000)
            out.truncate(1 << 30)
        elif kind == "line":
            out.write(b"a,b\\n")
            for _ in range(1024):
                out.write(b"y" * (1 << 20))
        elif kind == "quoted":
            out.write(b'a,b\\n1,"')
            for _ in range(1024):
                out.write(b"yyyyyyy\\n" * (1 << 17))
        elif kind == "json":
            for _ in range(1024):
                out.write(b'{"a":' * (1 << 17))
    start = time.process_time()  # a busy machine makes it late and not dear
    try:
        with open_source(path) as source:
            rows = 0
            for batch in source.batches():
                rows += batch.read
                if rows > 200_000:
                    break
        answer = str(rows)
    except FileProblem as problem:
        answer = type(problem).__name__
    # VmHWM starts anew with the program; ru_maxrss would count the test runner this process was forked from.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(answer, time.process_time() - start, int(peak.split()[1]) // 1024)
"""


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("sparse", ("FileTooLarge",)),
        ("line", ("FileTooLarge",)),
        ("json", ("FileTooLarge",)),
        ("quoted", ("FileTooLarge", "FileDamaged")),
    ],
)
def test_one_gibibyte_in_one_record(tmp_path, kind, answers):
    path = tmp_path / "giant"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_GIANT), str(path), kind], capture_output=True, text=True, check=True
    )
    path.unlink()
    answer, seconds, megabytes = done.stdout.split()
    if kind == "quoted":  # lines that could be rows: the swallowing quote costs one row, the others are looked at
        assert answer.isdigit() or answer in answers
    else:
        assert answer in answers
    assert float(seconds) < 10
    assert int(megabytes) < 300
