"""The made-up company.

- `seed`: opens a store with made-up data, or with data files.
- `company`: how many records of each resource there are, and their rows.
- `generator`: the records of one resource.
- `factories`: customers, products and orders in detail.
- `expandables`: related records. `values`: single fields. `wordlists`: words.
"""
