"""Generates the catalog from Sage's OpenAPI documents; not in the wheel.

The documents are Sage's and are never committed: the command takes the folder
that they are in. `read` turns them into plain values; `model`, `inputs` and
`resources` decide what each becomes; `overrides` corrects what the documents
get wrong; `render` writes the modules. Irregularities are reported by name.
Running it imports the package: a catalog that cannot be imported has to be
restored first.
"""
