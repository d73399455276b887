"""Rhythm: who has to deliver what until when, and what silence means."""
