"""An async client for the Sage 200 API of the UK and Ireland.

Where things live, each importing only from those above it:

errors, events, units, tokens,
settings                            values that everything uses; stores of tokens
odata/                              the query language, compiled; pure
wire/, records                      bytes to records, pages to plans; pure
transport/                          HTTP, tokens, retries, limits
signin                              a person, a browser, the first tokens
fetch, stream                       the pipe: pages asked for, records handed on
bulk/                               one collection read by several, with a proof
question, view, resource, endpoint  what a query can do, and where it goes
catalog/                            every resource: declarations only
client                              stacks the transports, owns their lifetime
extract/                            exports, and copies kept in step
telemetry                           spans and figures, for OpenTelemetry
sandbox/                            a Sage 200 to run against
cli/                                the command line
"""

import logging

from sage200_async._version import __version__ as __version__
from sage200_async.client import Sage200Client as Sage200Client
from sage200_async.odata.expressions import all_of as all_of
from sage200_async.odata.expressions import any_of as any_of
from sage200_async.odata.expressions import raw as raw
from sage200_async.odata.fields import field as field
from sage200_async.settings import Settings as Settings
from sage200_async.signin import SignIn as SignIn
from sage200_async.signin import authorize_url as authorize_url
from sage200_async.signin import exchange_code as exchange_code
from sage200_async.tokens import Tokens as Tokens
from sage200_async.tokens import TokenStore as TokenStore

__all__ = [
    "Sage200Client",
    "Settings",
    "SignIn",
    "TokenStore",
    "Tokens",
    "__version__",
    "all_of",
    "any_of",
    "authorize_url",
    "exchange_code",
    "field",
    "raw",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
