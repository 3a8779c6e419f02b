"""A source for dlt: tables kept in step by its pipelines, as Arrow, with deletes.

source          `sage200`, the source: what is read, and with which settings
selection       which records are read, checked
configuration   settings from dlt's configuration
table_run       one table: a sync into the pipeline
target          what a sync writes to: rows go to dlt, what they are to its state
held_rows       key and stamp of each row that was loaded, as text for the state
location           the table in the destination, how it is written, who else loads it
batches         rows as record batches, and digests of them
channel         batches from the thread of the sink to that of dlt
company_thread  an event loop in a thread, and one client in it
"""

from sage200_async.engines.dlt.source import sage200 as sage200

__all__ = ["sage200"]
