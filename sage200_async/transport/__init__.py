"""How requests are sent: a protocol with one method, and policies around it.

``Gate(Retry(Auth(Throttle(Bearer(Subscription(Http))))))``: each takes a request and
returns a response or raises. `MemoryTransport` takes the place of `HttpTransport` in tests.
"""

from sage200_async.transport.base import Clock as Clock
from sage200_async.transport.base import Transport as Transport
from sage200_async.transport.memory import MemoryTransport as MemoryTransport

__all__ = ["Clock", "MemoryTransport", "Transport"]
