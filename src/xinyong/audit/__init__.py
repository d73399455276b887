"""Who did and who looked at what, for which purpose; append-only."""
