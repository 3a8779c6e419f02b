"""Query options, parsed independently of the client and turned into SQL.

- `grammar`: the syntax tree of a ``$filter``.
- `filters`: ``$filter`` as a SQL condition.
- `options`: all other options.
"""
