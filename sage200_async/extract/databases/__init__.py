"""Databases as a sink: rows are staged, and merged by key in one transaction.

urls          a database's URL; `database_at` makes the sink
sink          one resource in one database
stored_copy   what a database holds of a resource
read_only     what `verify` reads, without the right to write
migrations    tables, compared with what they should be, created and altered
staging       the tables of rows that are not visible yet
merging       from the staging tables to the tables
state         values of our own beside the data
rejections    which rows a database refuses
sql           the statements, the same text for all databases
engine        what a database has to be able to do
sqlite, duckdb, postgres
value_limits  what columns can hold
"""
