"""Changes as a feed: a copy kept in step, and what of it was not acknowledged yet.

options    how a feed is made, checked
rows       a record as a row: key, stamp, version, and all of it as JSON
feed_sql   the statements on a feed's own tables
state      what was acknowledged, and the lease, in the database of the copies
poll       one resource kept in step, in few requests where nothing has changed
explanation  what is compared, and what cannot be seen
feed       the feed
"""

from sage200_async.extract.feed.feed import Feed as Feed

__all__ = ["Feed"]
