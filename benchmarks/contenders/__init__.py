"""Programs that do the same work, each by its library's best loop.

Each runs as a script in a process of its own and says what came of it as one line
of JSON. A header (PEP 723) pins what it needs; those without one run in the
environment of the benchmarks, with the versions that our client runs with.
"""
