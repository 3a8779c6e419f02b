"""How requests travel: one protocol of one method, and policies around it.

``Retry(Auth(Throttle(Http)))``: each takes a request and gives a response or
raises; `MemoryTransport` stands in for `HttpTransport` in tests.
"""

from sage200_async.transport.base import Clock as Clock
from sage200_async.transport.base import Transport as Transport
from sage200_async.transport.memory import MemoryTransport as MemoryTransport

__all__ = ["Clock", "MemoryTransport", "Transport"]
