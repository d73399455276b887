"""Articles, their revisions and their files. A revision is never changed; an article points at the one that is shown."""

from __future__ import annotations

from django.db import models


class Article(models.Model):
    """One piece of content: its section, its state, and which of its revisions the public reads."""

    class Kind(models.TextChoices):
        NEWS = "news", "信用动态"
        POLICY = "policies", "政策法规"
        INTERPRETATION = "interpretations", "政策解读"
        CASE = "typical-cases", "典型案例"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        WAITING = "waiting", "待复核"
        PUBLISHED = "published", "已发布"
        ARCHIVED = "archived", "已归档"

    kind = models.CharField(max_length=20, choices=Kind, help_text="Section it belongs to.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, help_text="Where it stands.")
    shown = models.ForeignKey(
        "Revision", null=True, on_delete=models.PROTECT, related_name="+", help_text="Revision the public reads."
    )
    asked = models.ForeignKey(
        "Revision", null=True, on_delete=models.PROTECT, related_name="+", help_text="Revision that waits for release."
    )
    asked_by = models.CharField(max_length=120, blank=True, help_text="Who asked to publish it; never who releases it.")
    asked_at = models.DateTimeField(null=True, help_text="From when it is to be shown, as asked.")
    publish_at = models.DateTimeField(null=True, help_text="From when it is shown; later than now: scheduled.")
    made_by = models.CharField(max_length=120, help_text="Who began it.")
    made_at = models.DateTimeField(help_text="When it was begun.")
    work = models.BigIntegerField(
        null=True, help_text="Piece of joint work a typical case was made of: no revision may name its entity."
    )

    class Meta:
        indexes = [models.Index(fields=["kind", "state", "-publish_at"], name="content_article_shown_v1")]

    def __str__(self) -> str:
        return f"{self.pk}"


class Revision(models.Model):
    """What an article said at one time, as written and as made safe for pages."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="revisions", help_text="The article.")
    number = models.IntegerField(help_text="1, 2, 3 … within the article.")
    title = models.CharField(max_length=200, help_text="Heading.")
    summary = models.CharField(max_length=400, blank=True, help_text="One or two sentences for lists and feeds.")
    source = models.CharField(max_length=200, blank=True, help_text="Issuing body or origin.")
    index_number = models.CharField(max_length=100, blank=True, help_text="Document or index number.")
    issued_on = models.DateField(null=True, help_text="Date of the document itself.")
    body = models.TextField(help_text="Text as written, Markdown.")
    html = models.TextField(help_text="The same as safe HTML.")
    attachments = models.JSONField(default=list, help_text="Title, text, safe HTML and file of each attachment.")
    made_by = models.CharField(max_length=120, help_text="Who wrote it.")
    made_at = models.DateTimeField(help_text="When it was saved.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="content_revision_number_v1")]

    def __str__(self) -> str:
        return f"{self.article_id}/{self.number}"


class File(models.Model):
    """The original of an attachment, kept for download beside its HTML text."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="files", help_text="The article.")
    name = models.CharField(max_length=120, help_text="Name offered for download.")
    media = models.CharField(max_length=100, help_text="Media type, by its content.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")
    size = models.IntegerField(help_text="Bytes.")
    data = models.BinaryField(help_text="The bytes.")
    made_by = models.CharField(max_length=120, help_text="Who uploaded it.")
    made_at = models.DateTimeField(help_text="When it was uploaded.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "sha256"], name="content_file_bytes_v1")]

    def __str__(self) -> str:
        return self.name
