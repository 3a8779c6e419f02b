"""The sandbox's records, in SQLite.

- `store`: writing records; `lazy_tables`: reading them.
- `embedded`: records that are stored inside others, such as contacts.
- `derived_views`: views of other records; `view_specs`: which there are, and
  `view_plans`: where their fields come from. `aged_views`: aged balances.
- `records`: what a record is after a write.
- `rows`: records as JSON; `database`: rows in SQLite.
- `timestamps`: times as Sage serves them.
"""
