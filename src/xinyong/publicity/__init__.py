"""What is public, from when to when; the public site's home, search and entity file."""
