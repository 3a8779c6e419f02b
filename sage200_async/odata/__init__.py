"""The query language, compiled: literals, expressions, fields, options, URLs.

Nothing in this folder does I/O. From the bottom up: `literals` writes one
value, `expressions` is the tree and its printer, `fields` the typed names that
trees are made of, `options` one whole question as a value, `builder` the
methods that refine it, `url` the one place that percent-encodes.
"""
