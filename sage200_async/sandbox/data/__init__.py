"""The made-up company that a sandbox serves."""
