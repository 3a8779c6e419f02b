"""What the sandbox knows of each resource, read from the client's catalog.

- `catalog`: every table, and which field links a child to its parent.
- `tables`: a resource's key, its fields and its related records.
- `served_order`: which fields responses have, in which order.
- `enums`: the values of enumerations that Sage is known to serve.
- `naming`: Sage's spelling of names, in the singular and in the plural.
"""
