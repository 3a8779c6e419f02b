"""What an error says: which check it belongs to, and what cures it."""

from __future__ import annotations

import re
from typing import Final

from sage200_async._url_checks import LOOPBACK
from sage200_async.cli.advice import sandbox_advice
from sage200_async.cli.doctor.finding import Finding, failed
from sage200_async.cli.exit_status import SIGN_IN, status_of
from sage200_async.errors import (
    DecodeError,
    ForeignTokens,
    MissingExtra,
    RequestTimeout,
    Sage200Error,
    SettingsError,
    StatusError,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
    TransportError,
)

_OF_THE_CLIENT: Final = {"invalid_client", "unauthorized_client", "access_denied"}
# The last is Auth0's answer to a wrong client or secret.
_GET: Final = re.compile(r"^GET \S*: ")
_UNAUTHORIZED: Final = 401
_TUNNEL: Final = (
    "See that the Sage 200 server and its connector (the Microsoft Entra application "
    "proxy, or the on-premises tunnel) are up; try again in some minutes."
)
_TLS_CURES: Final = {
    "expired": "The certificate has expired: set this machine's clock if it is wrong; "
    "else the operator of the server or the proxy has to renew the certificate.",
    "hostname mismatch": "The certificate is another host's: correct SAGE200_BASE_URL, or "
    "ask who runs the proxy in between.",
    "": "The certificate's issuer is unknown here. Behind a proxy that opens TLS, set "
    "SAGE200_CA_FILE to your organisation's CA certificates (PEM).",
}
# By what the error says, in small letters; the last fits all others.
_ROLE: Final = (
    "Ask Sage's administrator to give this user a role with that feature: Sage 200 "
    "System Administration, Users and Roles."
)
_EDITION: Final = (
    "Set the other edition: SAGE200_EDITION, or `sage200 init --edition`; or correct "
    "SAGE200_BASE_URL."
)
_BY_STATUS: Final = {
    403: ("role", _ROLE),
    404: ("edition", _EDITION),
    **dict.fromkeys((502, 503, 504), ("tunnel", _TUNNEL)),
}
# The check that a status belongs to, and its cure.


def of_settings(error: Sage200Error) -> Finding:
    """Return the finding for settings that cannot be used."""
    cure = "Correct it, or run `sage200 init` for a new profile."
    if isinstance(error, SettingsError) and error.name == "profile":
        cure = "Name one source; `sage200 profiles` lists the profiles."
    if isinstance(error, SettingsError) and error.name == "client_id":
        cure = "Run `sage200 init`, or set the variables."
    if isinstance(error, MissingExtra):
        cure = f"pip install 'sage200-async[{error.extra}]'"
    return failed("settings", str(error), cure, status_of(error))


def of_tokens(error: Sage200Error) -> Finding:
    """Return the finding for tokens that cannot be used or obtained."""
    if isinstance(error, TokenRefused) and error.reason in _OF_THE_CLIENT:
        cure = (
            "Run `sage200 init`, or correct SAGE200_CLIENT_ID and SAGE200_CLIENT_SECRET: "
            "they are those of Sage's e-mail about your client."
        )
        return failed("token", str(error), cure, SIGN_IN)
    if isinstance(error, TokenUnavailable):
        cure = "Try again later; if it lasts, see https://status.sage.com."
    elif isinstance(error, ForeignTokens):
        cure = (
            "Run `sage200 login`, or set another SAGE200_TOKEN_STORE for this client."
        )
    elif isinstance(error, TokenStoreError):
        cure = (
            "Let this user read and write the store (file: chmod 600, and its owner), or "
            "remove it and run `sage200 login`."
        )
    elif isinstance(error, MissingExtra):
        cure = f"pip install 'sage200-async[{error.extra}]'"
    else:
        cure = " ".join(sandbox_advice(error)) or "Run `sage200 login`."
    return failed("token", str(error), cure, status_of(error))


def of_contact(error: Sage200Error, host: str) -> Finding:
    """Return the finding for a server that was not reached."""
    text = _GET.sub("", str(error))
    if "the proxy answered" in text or isinstance(error, StatusError):  # it is a 407
        cure = (
            "Correct the user and password in SAGE200_PROXY (else HTTPS_PROXY), or ask for "
            f"access to {host}."
        )
        return failed("proxy", text, cure)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        low = text.lower()
        cure = next(cure for part, cure in _TLS_CURES.items() if part in low)
        return failed("tls", text, cure)
    if "ssl" in text.lower() and "[SSL" in text:
        cure = "See that SAGE200_BASE_URL's port speaks TLS, and which proxy is in between."
        return failed("tls", text, cure)
    cure = f"See that this machine may open connections to {host}: firewall, proxy."
    if host in LOOPBACK:
        cure = "Start what listens there; a sandbox: `sage200 sandbox --port 8200`."
    return failed("connection", text, cure)


def of_request(error: Sage200Error, check: str) -> Finding:
    """Return the finding for a request that failed.

    Args:
        error: Its error.
        check: What the request was for, where the error says nothing else.
    """
    text = str(error)
    if isinstance(error, StatusError):
        return _of_status(error, check, text)
    if isinstance(error, DecodeError):
        cure = (
            "Something else answers in the place of Sage: a gateway, a proxy or a portal. "
            "Look at the text, and correct SAGE200_BASE_URL."
        )
        return failed(check, text, cure)
    if isinstance(error, RequestTimeout):
        return failed("tunnel", text, _TUNNEL)
    if isinstance(error, TransportError):
        return of_contact(error, "the server")
    return of_tokens(error)


def _of_status(error: StatusError, check: str, text: str) -> Finding:
    status = 0 if error.response is None else error.response.status
    if status == _UNAUTHORIZED:
        return _unauthorized(error, check, text)
    if status in _BY_STATUS:
        check, cure = _BY_STATUS[status]
        return failed(check, text, cure)
    return failed(check, text, "Try again later; if it lasts, ask Sage's support.")


def _unauthorized(error: StatusError, check: str, text: str) -> Finding:
    if "subscription key" in error.detail.lower():
        cure = (
            "Set SAGE200_SUBSCRIPTION_KEY to a key of Sage's developer portal, or "
            "subscription_key in the profile."
        )
        return failed(check, text, cure, SIGN_IN)
    if check == "sites":  # for which no company is named: it is the token
        return failed("token", text, "Run `sage200 login`.", SIGN_IN)
    cure = (
        "Ask Sage's administrator to let this user use the company; `sage200 whoami` lists "
        "those that Sage names."
    )
    return failed("role", text, cure, SIGN_IN)
