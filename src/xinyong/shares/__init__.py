"""Share links: a subject shows a signed snapshot of its own public file, for a time, and may take it back."""
