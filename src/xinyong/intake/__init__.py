"""Deliveries: read, check, stage, resolve, commit, receipt. Nothing is dropped silently; a repeat adds nothing."""
