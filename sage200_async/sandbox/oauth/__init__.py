"""The sandbox's Sage ID: signing in, tokens and their faults."""
