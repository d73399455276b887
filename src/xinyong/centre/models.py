"""People who act for a firm, what they may do there, their sessions, and to whom the firm opened its file."""

from __future__ import annotations

from django.db import models


class Account(models.Model):
    """A person who signed in for a firm. Never a subject: held are an opaque mark of the provider and an encrypted name."""

    issuer = models.CharField(max_length=300, help_text="The identity provider that vouches for the person.")
    subject = models.CharField(max_length=64, help_text="Keyed hash of the provider's number for the person.")
    name = models.CharField(max_length=400, blank=True, help_text="Name, encrypted; shown masked.")
    created_at = models.DateTimeField(help_text="First sign-in.")
    signed_in_at = models.DateTimeField(help_text="Latest sign-in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="centre_account_v1")]

    def __str__(self) -> str:
        return f"firm:{self.pk}"


class Mandate(models.Model):
    """What a person may do for a firm: as its legal representative by the provider's word, or as a delegate by his grant."""

    class Role(models.TextChoices):
        LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
        DELEGATE = "delegate", "经办人"

    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, help_text="Who; empty until an invitation is taken up."
    )
    entity_id = models.BigIntegerField(db_index=True, help_text="Registry entity the person acts for.")
    role = models.CharField(max_length=24, choices=Role.choices, help_text="Legal representative or delegate.")
    rights = models.JSONField(default=list, help_text="Rights of a delegate: fill, submit, sign.")
    name = models.CharField(
        max_length=400, blank=True, help_text="Whom the invitation is for, encrypted; shown masked."
    )
    invitation = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the invitation code; the code itself is shown once."
    )
    invited_until = models.DateTimeField(null=True, help_text="Until when the code can be used.")
    valid_until = models.DateField(null=True, help_text="Last day of a delegation.")
    granted_by = models.ForeignKey(
        Account,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The legal representative who gave it.",
    )
    created_at = models.DateTimeField(help_text="When it was given, asked for, or vouched for.")
    began_at = models.DateTimeField(null=True, help_text="When the person could first use it.")
    ended_at = models.DateTimeField(null=True, help_text="When it was revoked, given up, or no longer vouched for.")
    ended_by = models.CharField(max_length=60, blank=True, help_text="Who ended it.")
    ended_why = models.CharField(max_length=200, blank=True, help_text="Why it was ended.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "entity_id"],
                condition=models.Q(ended_at__isnull=True, account__isnull=False),
                name="centre_mandate_open_v1",
            ),
            models.UniqueConstraint(
                fields=["invitation"], condition=~models.Q(invitation=""), name="centre_mandate_invitation_v1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"


class Session(models.Model):
    """A person's visit. Apart from the sessions of officers: another cookie, another table, no shared right."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the cookie.")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, help_text="Who is signed in.")
    mandate = models.ForeignKey(
        Mandate, null=True, on_delete=models.SET_NULL, help_text="For which firm; empty: none chosen, or none there is."
    )
    created_at = models.DateTimeField(help_text="When it began.")
    seen_at = models.DateTimeField(help_text="Latest activity, to the minute.")

    def __str__(self) -> str:
        return f"session {self.pk}"


class Authorisation(models.Model):
    """The firm opens what is not public about it to one institution, for one purpose, for a time. Never for good."""

    number = models.CharField(max_length=30, unique=True, help_text="Number the institution names when it asks.")
    entity_id = models.BigIntegerField(db_index=True, help_text="Registry entity whose file it is.")
    institution = models.CharField(max_length=200, help_text="Who may look, by name.")
    institution_code = models.CharField(max_length=18, help_text="Unified social credit code of the institution.")
    purpose = models.CharField(max_length=40, help_text="What for; a code of authorisations.yml.")
    scope = models.JSONField(default=list, help_text="Which parts of the file; codes of authorisations.yml.")
    valid_from = models.DateField(help_text="First day.")
    valid_until = models.DateField(help_text="Last day.")
    granted_at = models.DateTimeField(help_text="When it was given.")
    granted_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", help_text="The legal representative who gave it."
    )
    revoked_at = models.DateTimeField(null=True, help_text="From when on it opens nothing.")
    revoked_why = models.CharField(max_length=200, blank=True, help_text="Why it was revoked, as written.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("valid_from")), name="centre_authorisation_term_v1"
            )
        ]

    def __str__(self) -> str:
        return self.number
