"""One question to a module, its unit in its docstring: ``python -m benchmarks``.

Each contender runs in a fresh process, so that memory and warm-up are its own; the
figures are medians of several runs that take turns. Nothing here asserts a time.
"""
