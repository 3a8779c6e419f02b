"""Exports that can prove themselves, and copies kept in step.

tables       a resource as tables, with columns from the catalog
rows         records as rows of those tables
nested       related records that are nested, as typed values
text_values  numbers and times as text
identity     what a table is the copy of
checkpoint   how far a read has come
key_order    the check that rows are those of a range of keys
rejects_file  records that were set aside, in a file
undecodable  records that are not what their resource has
sink         the protocols of sinks
proof        whether the rows that are stored are those of a certificate
rejects      records that a sink cannot store, set aside
sink_forms   the form in which records are read for a sink
own_thread   a thread for what blocks
sink_thread  a thread of its own for a sink
sink_writer  batches handed to a sink while the next ones are read
extraction   what to read, as a value that can be pickled; `export`
unkeyed      resources without a unique key
sync         a copy kept in step; one run of it in sync_run
sync_state   how far a copy is in step
changes      records stamped since the last sync
sweep        key and stamp of every record, compared with the copy's
reconcile    what a copy and its source disagree about
refetch      records that differ, read by their keys
key_pieces   keys cut into requests that are short enough
deletes      rows of a copy that the company no longer has
run_many     many resources in one run
verify       copies compared with their source
feed/        changes as a feed
comparison/  how they are compared
files/       files as a sink
databases/   databases as a sink
"""

from sage200_async.extract.databases.urls import database_at as database_at
from sage200_async.extract.deletes import DeletePolicy as DeletePolicy
from sage200_async.extract.extraction import Extraction as Extraction
from sage200_async.extract.extraction import export as export
from sage200_async.extract.files.factory import files_at as files_at
from sage200_async.extract.rejects import RejectedRow as RejectedRow
from sage200_async.extract.rejects_file import RejectsFile as RejectsFile
from sage200_async.extract.run_many import Outcome as Outcome
from sage200_async.extract.run_many import Task as Task
from sage200_async.extract.run_many import run_many as run_many
from sage200_async.extract.sink import FormedSink as FormedSink
from sage200_async.extract.sink import OpenOptions as OpenOptions
from sage200_async.extract.sink import Sink as Sink
from sage200_async.extract.sink import SyncTarget as SyncTarget
from sage200_async.extract.sync import SyncResult as SyncResult
from sage200_async.extract.sync import sync as sync
from sage200_async.extract.verify import VerifyResult as VerifyResult
from sage200_async.extract.verify import verify as verify

__all__ = [
    "DeletePolicy",
    "Extraction",
    "FormedSink",
    "OpenOptions",
    "Outcome",
    "RejectedRow",
    "RejectsFile",
    "Sink",
    "SyncResult",
    "SyncTarget",
    "Task",
    "VerifyResult",
    "database_at",
    "export",
    "files_at",
    "run_many",
    "sync",
    "verify",
]
