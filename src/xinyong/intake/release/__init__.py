"""Release: why a delivery waits for a second person, and who may let it go."""
