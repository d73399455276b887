"""A delivery seen as a whole: its profile, and the bounds of the catalogue on it."""
