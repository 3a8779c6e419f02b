"""Tokens, and the stores that keep them.

``memory://`` for the life of the process, ``file:///path/tokens.json`` for one
machine, ``keyring://name`` for the operating system's keyring, and
``redis://host/0`` for several machines.
"""

from sage200_async.auth.stores.base import MemoryStore as MemoryStore
from sage200_async.auth.stores.base import Tokens as Tokens
from sage200_async.auth.stores.base import TokenStore as TokenStore
from sage200_async.auth.stores.urls import store_at as store_at

__all__ = ["MemoryStore", "TokenStore", "Tokens", "store_at"]
