"""The sandbox's records, in SQLite.

- `store`: writing records; `lazy_tables`: reading them.
- `embedded`: records that are stored inside others, such as contacts.
- `order_line_views`: the view of order lines.
- `records`: what a record is after a write.
- `rows`: records as JSON; `database`: rows in SQLite.
- `timestamps`: times as Sage serves them.
"""
