"""Files as a sink: written beside the finished ones, and renamed last.

factory          `files_at`, which makes the sink
sink             one resource in files
formats          NDJSON and CSV
parquet          Parquet
arrow_file       Arrow's own files
arrow_rows       rows as record batches, for both
compression      gzip and zstd
pending_rows     rows that wait for the next append to the journal
encoder          rows as blocks, without the records that do not fit
journal          rows on disk until the files can be written
read_only        finished files, read by `verify`
row_readers      rows of each format, read back
finished         what is exported already, and names that are taken
table_files      files written while rows still come in
publish          files with their names, the manifest last
manifest         which files are finished
atomic_files     files that exist completely or not at all
"""
