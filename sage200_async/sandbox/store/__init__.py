"""The sandbox's records, in SQLite."""
