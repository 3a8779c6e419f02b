"""Databases as a sink: rows are upserted by key.

urls          a database's URL; `database_at` makes the sink
sink          one resource in one database
buffer        rows that are not written yet
migrations    tables, compared with what they should be, and created
sql           the statements, one text for all databases
engine        what a database has to be able to do
sqlite, duckdb, postgres
value_limits  what columns can hold
"""
