"""Name search: pure parts (anatomy, sound, shape, grams, explain), the index in the database, and the search over it."""
