"""The commands and their options: what is parsed, and what is called with it."""
