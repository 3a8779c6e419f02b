"""One benchmark per module, its unit in its docstring: ``python -m benchmarks``.

Each contender runs in a fresh process, with its own memory and warm-up; contenders take
turns, and figures are medians of several runs. Nothing here asserts a time.
"""
