"""ParallelRead extraction that can prove itself: exports, and copies kept in step.

schema       a resource as columns: from the catalog, so that empty is a table too
rows         records as rows of those columns; nested members as JSON or child tables
checkpoint   what a sink holds: which keys, up to which max_key, since when
extraction   what to read, as a value that can be pickled; into a sink
whole        resources without a unique key: read twice
sync         changes since, and deletes
many         many resources in one run
files/       files as a sink
databases/   databases as a sink
"""

from sage200_async.extract.databases.urls import database_at as database_at
from sage200_async.extract.extraction import Extraction as Extraction
from sage200_async.extract.extraction import export as export
from sage200_async.extract.files.sink import files_at as files_at
from sage200_async.extract.run_many import Outcome as Outcome
from sage200_async.extract.run_many import Task as Task
from sage200_async.extract.run_many import run_all as run_all
from sage200_async.extract.sink import Sink as Sink
from sage200_async.extract.sink import SyncTarget as SyncTarget
from sage200_async.extract.sync import DeletePolicy as DeletePolicy
from sage200_async.extract.sync import SyncResult as SyncResult
from sage200_async.extract.sync import sync as sync

__all__ = [
    "DeletePolicy",
    "Extraction",
    "Outcome",
    "Sink",
    "SyncResult",
    "SyncTarget",
    "Task",
    "database_at",
    "export",
    "files_at",
    "run_all",
    "sync",
]
