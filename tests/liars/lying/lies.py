"""Every lie, by what it is about.

Each leaves a trace in what a client asks: another reply, the query itself or the
one before contradicts it. What leaves none is no lie of this list, since nobody
could see it:

- a record that is left out of each page, each edge and each count alike;
- a value changed in place, with its old stamp;
- a whole company served for another whose number and site it has;
- a highest key that is too low, or the first in another order, if that is the only
  lie: the records above it could be new, and as many below it gone meanwhile;
- where no count is asked (a stream), or a filter or an order of one's own lets
  records move: one left out of the middle of a page, or nothing at all;
- in an order of texts: another order, since collations differ; without a key: ties
  in another order for each query, since records that look alike may be several.

`Lie.blind` names the ways of reading in which a lie leaves no
trace, though it does in others; `Lie.by_count` says that only counts show it;
`Lie.always` in which ways it shows only if it happens each time; `Lie.earlier` that
what was right some hours ago is right, too.
"""

from lying import page_lies, reply_lies
from lying.lie import LIES, STREAMS, Lie, page

__all__ = ["LIES", "STREAMS", "Lie", "page", "page_lies", "reply_lies"]
