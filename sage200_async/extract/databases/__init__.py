"""Databases as a sink: rows are upserted by key.

urls          a database's URL; `database_at` makes the sink
sink          one resource in one database
migrations    tables, compared with what they should be, and created
state         values of our own beside the data
rejections    which value a database refuses
sql           the statements, the same text for all databases
engine        what a database has to be able to do
sqlite, duckdb, postgres
value_limits  what columns can hold
"""
