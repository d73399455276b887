"""Append-only record versions, their heads, and the event corridor."""
