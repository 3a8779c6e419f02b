"""The made-up company.

- `seed`: opens a store with made-up data, or with data files.
- `company`: how many records of each resource there are, and their rows.
- `generator`: the records of one resource.
- `factories`: traders and products; `documents`: orders and transactions.
- `reference`: tax codes, currencies, accounts and so on.
- `consistency`: what a record repeats of others; `row_templates`: JSON of rows.
- `expandables`: related records. `values`: single fields. `wordlists`: words.
"""
