"""Programs that do the same work, each by its library's best loop.

Each runs as a script in its own process and prints its figures as one line of JSON.
A header (PEP 723) pins its dependencies; those without one run in the environment of
the benchmarks, with the versions that our client uses.
"""
