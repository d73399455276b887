"""名单与措施: which lists there are, how an entity enters and leaves one, which measures follow, and who carries them out."""
