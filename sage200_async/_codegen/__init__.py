"""Writes the catalog from Sage's OpenAPI documents; not in the wheel.

The documents are Sage's and are never committed: they lie in a folder that the
command is given. `read` turns them into plain values, `model`, `inputs` and
`resources` decide what each becomes, `overrides` corrects what the documents
get wrong, `render` writes it down. What is irregular is reported by name.
Running it imports the package: a catalog that cannot be imported has to be
restored first.
"""
