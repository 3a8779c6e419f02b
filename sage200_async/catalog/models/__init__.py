"""The records, a module for each of Sage's documents."""
