"""What goes over the wire and what comes back, as values and pure functions.

Nothing in this folder does I/O: it can be tested with literals alone.
"""
