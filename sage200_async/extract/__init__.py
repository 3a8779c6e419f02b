"""Bulk extraction that can prove itself: exports, and copies kept in step.

schema       a resource as columns: from the catalogue, so that empty is a table too
rows         records as rows of those columns; nested members as JSON or child tables
checkpoint   what a sink holds: which keys, up to which fence, since when
extraction   what to read, as a value that can be pickled
sinks/       where rows go: files and databases
"""
