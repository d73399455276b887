"""The offline checker: what the platform will say of a file, said without a platform."""
