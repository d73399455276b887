"""What may be saved and what may be done to an article in its state. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from xinyong.standards import redaction

TITLE, SUMMARY, BODY, SOURCE, NUMBER = 200, 400, 200_000, 200, 100
ATTACHMENTS = 10
FILE = 10 << 20
#: Beginnings of the files taken as originals, by suffix: media type and how the bytes begin.
MEDIA: dict[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-"),
    "ofd": ("application/ofd", b"PK\x03\x04"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why not, in both languages, and at which field of the form."""

    field: str
    zh: str
    en: str


def refusal_of_text(field: str, label: tuple[str, str], text: str, most: int) -> Refusal | None:
    """Too long, or with a number of a person in it."""
    zh, en = label
    if len(text) > most:
        return Refusal(
            field=field, zh=f"{zh}超过 {most} 字（现有 {len(text)}）", en=f"{en} is longer than {most} characters"
        )
    found = redaction.redact(text)
    # Telephones of offices belong in notices; what names a person does not.
    spans = [span for span in found.spans if span.kind is not redaction.NumberKind.LANDLINE]
    if spans:
        span = spans[0]
        near = found.text[max(0, span.start - 8) : span.end + 4].replace("\n", " ")
        return Refusal(
            field=field,
            zh=f"{zh}中有个人号码（“…{near}…”处），请删去后再保存",
            en=f"{en} holds a number of a person (near '…{near}…'): take it out and save again",
        )
    return None


def refusal_of_file(name: str, data: bytes) -> Refusal | None:
    """Not a kind that is taken, too large, or not what its name says."""
    suffix = name.rpartition(".")[2].lower()
    if suffix not in MEDIA:
        known = "、".join(MEDIA)
        return Refusal(
            field="attachments",
            zh=f"附件原件“{name}”的格式不收，可以是 {known}",
            en=f"'{name}' is of no kind taken: {known}",
        )
    if len(data) > FILE:
        return Refusal(
            field="attachments",
            zh=f"附件原件“{name}”超过 {FILE >> 20} MiB",
            en=f"'{name}' is larger than {FILE >> 20} MiB",
        )
    if not data.startswith(MEDIA[suffix][1]):
        return Refusal(
            field="attachments",
            zh=f"附件原件“{name}”的内容不是 {suffix} 文件",
            en=f"the content of '{name}' is no {suffix} file",
        )
    return None
