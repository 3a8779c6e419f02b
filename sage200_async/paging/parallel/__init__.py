"""One collection, read by several at once, with a proof that it is all there.

survey   how far the keys go, and how many records there are
reader   who reads which span of keys, page by page
outlet   how batches come to the consumer: as they arrive, or in order
bulk     the whole, as a context manager that owns its tasks
"""

from sage200_async.paging.parallel.batch import Batch as Batch
from sage200_async.paging.parallel.read import ParallelRead as ParallelRead
from sage200_async.paging.parallel.read import Progress as Progress
from sage200_async.paging.parallel.read import ResumePoint as ResumePoint
