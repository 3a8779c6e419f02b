"""What requests to the authorization server say, and which of them are refused."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus, urlsplit

from msgspec import Struct

from sage200_async.auth.oauth import AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - it opens made-up records only


class Credentials(Struct, frozen=True):
    """Who a client says it is."""

    client_id: str
    secret: str
    """Empty for a public client."""
    agree: bool = True
    """Whether header and body name the same client and secret, where both do."""

    @classmethod
    def of(cls, form: Mapping[str, str], authorization: str) -> Credentials:
        """Return the credentials in the form, or in the header by Basic.

        Source: RFC 6749, 2.3.1: both, and their values in the header are encoded as
        in a form.
        """
        own = cls(form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return own
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            return cls("", "", agree=False)
        name, _, secret = map(unquote_plus, text.partition(":"))
        agree = own.client_id in {"", name} and own.secret in {"", secret}
        return cls(name, secret, agree)

    @property
    def are_right(self) -> bool:
        """Whether it is the sandbox's client, with its secret or without any."""
        same = secrets.compare_digest(self.secret.encode(), CLIENT_SECRET.encode())
        return self.agree and self.client_id == CLIENT_ID and (same or not self.secret)


def check_client(query: Mapping[str, str]) -> None:
    """Check what has to be right before anything is sent to the redirect URI.

    Source: RFC 6749, 4.1.2.1.

    Raises:
        ValueError: The client or the redirect URI is wrong.
    """
    if query.get("client_id") != CLIENT_ID:
        raise ValueError("unauthorized_client: unknown client_id")
    if not _is_redirect_uri(query.get("redirect_uri", "")):
        raise ValueError("invalid_request: redirect_uri must be an http(s) URL")


def refusal_of(query: Mapping[str, str]) -> dict[str, str]:
    """Return the error that is sent to the redirect URI; empty if there is none."""
    if query.get("response_type") != "code":
        return _refusal("unsupported_response_type", "Expected response_type=code")
    method = query.get("code_challenge_method", "")
    if query.get("code_challenge") and method != "S256":
        return _refusal("invalid_request", "code_challenge_method must be S256")
    audience = query.get("audience") or AUDIENCE
    return {} if audience == AUDIENCE else service_not_found(audience)


def service_not_found(audience: str) -> dict[str, str]:
    """Return the error for an unknown audience.

    Source: what Auth0 was seen to send: aws-samples/ask-around-me #2.
    """
    return _refusal("access_denied", f"Service not found: {audience}")


def _refusal(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _is_redirect_uri(text: str) -> bool:
    """Whether a browser can be sent to *text*: not to a script, nor to a half URL."""
    try:
        url = urlsplit(text)
        named = bool(url.hostname) and url.port != 0
    except ValueError:  # an unmatched bracket, or a port that is not a number
        return False
    plain = text.isprintable() and not set(text) & set(" \\")
    return named and plain and url.scheme in {"http", "https"} and not url.fragment
