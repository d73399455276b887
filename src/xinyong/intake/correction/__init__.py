"""Correction: what a department repairs in a delivery of its own, and how it comes back as a delivery."""
