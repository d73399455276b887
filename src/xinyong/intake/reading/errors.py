"""Why a whole file is refused. Each class says what, where, why and what to do; a refused file leaves nothing behind.

Trouble with one row is never an error here: it is a :class:`~xinyong.intake.findings.Finding` of its batch.
"""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class FileProblem(XinyongError):
    """Root of the whole-file failures of the readers."""

    code = ErrorCode.FILE_FORMAT
    status = 422
    exit_code = 5
    zh = "文件无法读取：{detail}"
    en = "The file cannot be read: {detail}"


class FileMissing(FileProblem):
    """No file under this path, or no right to read it."""

    code = ErrorCode.FILE_MISSING
    status = 404
    exit_code = 2
    zh = "找不到或无权读取文件 {path}（{why}）。请核对路径和权限后重新报送。"
    en = "File {path} does not exist or may not be read ({why}). Check the path and its permissions, then send again."


class FileNotRegular(FileProblem):
    """A folder, symbolic link, pipe or device: following it could read something that was never delivered."""

    exit_code = 2
    zh = "{path} 是{kind_zh}，不是普通文件；为安全起见不予读取。请报送文件本身。"
    en = "{path} is a {kind_en}, not a regular file, and is not read for safety. Deliver the file itself."


class FileEmpty(FileProblem):
    """Nothing in the file, not even a header."""

    code = ErrorCode.FILE_EMPTY
    zh = "文件 {path} 为空，连表头也没有。若本期无数据，请报送只含表头的文件；否则请重新导出。"
    en = (
        "File {path} is empty: it has not even a header. Deliver a file with the header alone if there is nothing to "
        "report, or export it again."
    )


class FileFormat(FileProblem):
    """The content is of a kind that is not read (judged by its bytes, never by its name)."""

    zh = "文件内容是{found_zh}，不能作为数据文件读取。{advice_zh}"
    en = "The content is {found_en}, which is not read as data. {advice_en}"


class FileEncoding(FileProblem):
    """The text cannot be decoded as a whole."""

    code = ErrorCode.FILE_ENCODING
    zh = "文件编码有误：在第 {offset} 字节处，{why_zh}。请另存为 UTF-8 编码后重新报送。"
    en = "The text encoding is wrong: at byte {offset}, {why_en}. Save the file as UTF-8 and send it again."


class FileTooLarge(FileProblem):
    """A limit that keeps memory flat was passed. The limits and their reasons: ``Limits``."""

    code = ErrorCode.FILE_TOO_LARGE
    status = 413
    zh = "{what_zh}超过上限：{found}（上限 {limit}），位置：{where}。{advice_zh}"
    en = "{what_en} passes the limit: {found} (limit {limit}), at {where}. {advice_en}"


class FileDamaged(FileProblem):
    """The file ends early or contradicts itself: nothing of it is to be stored."""

    code = ErrorCode.FILE_DAMAGED
    zh = "文件已损坏或不完整：{why_zh}（位置：{where}）。请重新导出并完整传输；本次报送不入库。"
    en = "The file is damaged or incomplete: {why_en} (at {where}). Export and transfer it again; nothing was stored."


class HeaderWrong(FileProblem):
    """The header row does not fit the dataset: no cell could be trusted to stand under the right name."""

    code = ErrorCode.HEADER_WRONG
    exit_code = 2
    zh = (
        "表头不符：第 {row} 行最接近表头。缺少：{missing}；多出：{unknown}；是否应为：{nearest}。请使用最新模板的表头。"
    )
    en = (
        "The header does not fit: row {row} comes nearest. Missing: {missing}; unknown: {unknown}; meant perhaps: "
        "{nearest}. Use the header of the current template."
    )


class HeaderAbsent(HeaderWrong):
    """The first row is data."""

    zh = "文件没有表头：第 {row} 行看起来是数据（例如“{example}”）。请在第一行加上模板的表头。"
    en = "The file has no header: row {row} looks like data (for example {example!r}). Add the template's header row."


class HeaderUnusable(HeaderWrong):
    """Names that are repeated, empty, reserved or unreadable."""

    zh = "表头有误：第 {row} 行第 {columns} 列{why_zh}（“{name}”）。请改正表头后重新报送。"
    en = "The header cannot be used: row {row}, column(s) {columns}: {why_en} ({name!r}). Correct it and send again."
