"""Where rows go: files, written beside and renamed last; databases, by upsert.

base        what a sink is
files       one resource in files, and `files_at`, which makes the sink
forms       NDJSON and CSV; parquet
packing     gzip and zstd
cuts        rows cut where others belong between
spool       what is kept until a file can be written
manifest    what says that files are finished
cells       single values as text, and which of them does not fit
disk        files that are there whole or not at all
places      a database's URL: `database_at`, which makes the sink
database    one resource in a database; buffer holds what is not written yet
making      tables, compared with what they should be and made
statements  SQL, one for all databases
engine      what a database has to be able to do: sqlite, duck, postgres
values      what columns can hold
"""
