"""The read model of the name search. Made by SQL, because its columns and indexes go beyond what models can say."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SearchName(models.Model):
    """One row for each name of the registry: what its key is made into for searching. Follows from the name alone."""

    name_id = models.BigIntegerField(primary_key=True, help_text="Row of registry_name.")
    entity_id = models.BigIntegerField(help_text="Whose name it is, as the name row says.")
    body = models.TextField(help_text="Matching key without legal form and brackets.")
    short = models.TextField(help_text="Body without the region in front.")
    initials = models.TextField(help_text="First letter of each syllable of the body.")
    sounds = models.TextField(help_text="Syllables of the short in one piece.")
    grams = ArrayField(models.IntegerField(), help_text="Hashed pairs of characters and of syllables.")

    class Meta:
        managed = False
        db_table = "registry_search"

    def __str__(self) -> str:
        return self.body


class SearchGram(models.Model):
    """How many names have a term: the search looks the rarest ones up first. Exact, kept with the rows."""

    gram = models.IntegerField(primary_key=True, help_text="Hashed pair.")
    names = models.IntegerField(help_text="How many rows of registry_search have it.")

    class Meta:
        managed = False
        db_table = "registry_search_gram"

    def __str__(self) -> str:
        return f"{self.gram}: {self.names}"


class SearchState(models.Model):
    """How far the search index has read. One row."""

    id = models.SmallIntegerField(primary_key=True, help_text="Always 1.")
    name_id = models.BigIntegerField(help_text="Largest name row seen.")
    built_at = models.DateTimeField(null=True, help_text="When the index was last built from zero.")

    class Meta:
        managed = False
        db_table = "registry_search_state"

    def __str__(self) -> str:
        return str(self.name_id)
