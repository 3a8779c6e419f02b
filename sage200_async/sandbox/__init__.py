"""A Sage 200 of your own: an HTTP server over SQLite, to run a client against.

::

    async with Sandbox(records={"customers": 25_000}) as sandbox:
        async with Sage200Client(sandbox.settings) as client:
            ...

It needs the extra ``sandbox``: ``pip install 'sage200-async[sandbox]'``.

Folders:

- ``server/``: HTTP requests and responses; faults.
- ``oauth/``: sign-in and tokens.
- ``query/``: ``$filter`` and the other query options.
- ``store/``: records in SQLite.
- ``data/``: the made-up company.
- ``schema/``: what the client's catalog says of each resource.
"""

from sage200_async.sandbox.behaviour import Behaviour as Behaviour
from sage200_async.sandbox.sandbox import Sandbox as Sandbox
from sage200_async.sandbox.server.faults import Fault as Fault
from sage200_async.sandbox.server.server import RecordedRequest as RecordedRequest
from sage200_async.sandbox.snapshot import Snapshot as Snapshot

__all__ = ["Behaviour", "Fault", "RecordedRequest", "Sandbox", "Snapshot"]
