"""One collection, read by several workers at once, with a proof that it is complete.

read           the whole, as a context manager that owns its tasks
range_read     one range of a plan, in the same way
preconditions  what it needs of a query and of its options
bounds         the lowest and the highest key, and how many records there are
checks         what is asked at the end: the lower edge, and the counts
progress       how far it has come, and where it resumes
scheduler      which keys are read by whom
workers        read ranges of keys, page by page
queues         how batches reach the consumer
"""

from sage200_async.paging.parallel.progress import Progress as Progress
from sage200_async.paging.parallel.progress import ResumePoint as ResumePoint
from sage200_async.paging.parallel.queues import Batch as Batch
from sage200_async.paging.parallel.range_read import RangeRead as RangeRead
from sage200_async.paging.parallel.read import ParallelRead as ParallelRead

__all__ = ["Batch", "ParallelRead", "Progress", "RangeRead", "ResumePoint"]
