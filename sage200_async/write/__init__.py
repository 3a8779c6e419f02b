"""Writing in bulk: many rows, each sent once at most.

`upsert` and `insert` decide what is sent for a row; `job` sends it, with several
workers; `write_journal` has each row before it is sent, and its outcome after;
`look_up` finds the records that are there; `comparison` and `keys` say what is equal;
`input_rows` reads the rows; `report` says what became of them. `order_draft` writes one
order in steps.
"""

from sage200_async.write.job import WriteJob as WriteJob
from sage200_async.write.order_draft import OrderDraft as OrderDraft
from sage200_async.write.outcome import Outcome as Outcome
from sage200_async.write.report import Report as Report
from sage200_async.write.write_journal import clear_journal as clear_journal
