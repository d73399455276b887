"""Objection, repair, withdrawal: how a record is put right after it was stored, with the officers who decide it."""
