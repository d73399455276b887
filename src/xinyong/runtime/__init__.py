"""What every room stands on: settings, embedded PostgreSQL, database access, SQL files, cryptography, command-line base."""
