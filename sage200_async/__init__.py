"""An async client for the Sage 200 API of the UK and Ireland.

Where things live, each importing only from the ranks above it:

errors, events, limits,
settings, profiles           values that everything uses, and where they come from
odata/                       the query language, compiled; pure
wire/                        bytes to records; pure
paging/, transport/, auth/   pages to plans; HTTP, retries, limits; OAuth, tokens
arrow/                       pages to Arrow columns; imports pyarrow
write/                       many rows, each sent once at most
query/                       resources and the queries made from them
catalog/                     every resource: declarations only
client, telemetry            stacks the transports, owns their lifetime; OpenTelemetry
extract/, sandbox/           exports and copies; a Sage 200 to run against
testing/                     a sandbox for test suites, and a pytest plugin
cli/                         the command line
"""

import logging

from sage200_async._version import __version__ as __version__
from sage200_async.auth.access_token import AccessToken as AccessToken
from sage200_async.auth.sign_in import AuthorizationRequest as AuthorizationRequest
from sage200_async.auth.sign_in import (
    create_authorization_url as create_authorization_url,
)
from sage200_async.auth.sign_in import exchange_code as exchange_code
from sage200_async.auth.stores import Tokens as Tokens
from sage200_async.auth.stores import TokenStore as TokenStore
from sage200_async.client import Sage200Client as Sage200Client
from sage200_async.odata.expressions import all_of as all_of
from sage200_async.odata.expressions import any_of as any_of
from sage200_async.odata.expressions import raw as raw
from sage200_async.odata.fields import field as field
from sage200_async.paging.certificate import Certificate as Certificate
from sage200_async.paging.certify import certify as certify
from sage200_async.paging.read_plan import ReadPlan as ReadPlan
from sage200_async.paging.read_plan import ReadRange as ReadRange
from sage200_async.query.input_rules import InputWarning as InputWarning
from sage200_async.settings import Settings as Settings

__all__ = [
    "AccessToken",
    "AuthorizationRequest",
    "Certificate",
    "InputWarning",
    "ReadPlan",
    "ReadRange",
    "Sage200Client",
    "Settings",
    "TokenStore",
    "Tokens",
    "__version__",
    "all_of",
    "any_of",
    "certify",
    "create_authorization_url",
    "exchange_code",
    "field",
    "raw",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
