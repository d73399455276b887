"""Open data: what others may copy, in files, feeds and a catalogue, and what their copies must drop again."""
