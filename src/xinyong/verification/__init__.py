"""Verification: what applies to an entity for a purpose and an item, asked by other systems, answered and recorded."""
