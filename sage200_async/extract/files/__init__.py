"""Files as a sink: written beside the finished ones, and renamed last.

sink          one resource in files; `files_at` makes it
formats       NDJSON and CSV
parquet       Parquet
compression   gzip and zstd
journal       rows kept on disk until the files can be written
key_slices    rows cut where rows of another range belong between
manifest      says that files are finished
atomic_files  files that exist whole or not at all
"""
