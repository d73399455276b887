"""Rows pulled from a department's front-end table (前置库) with a change flag, and flagged back after the commit."""
