"""Settings: one frozen value, from the caller or from the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from sage200_async.errors import SettingsError
from sage200_async.limits import MAX_QUERY_BYTES, PAGE_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX: Final = "SAGE200_"
_SECRETS: Final = frozenset(
    {
        "client_secret",
        "refresh_token",
        "access_token",
        "subscription_key",
        "secondary_subscription_key",
    }
)
_BASE_URLS: Final = {
    "professional": "https://api.columbus.sage.com/uk/sage200extra/accounts/v1/",
    "standard": "https://api.columbus.sage.com/uk/sage200/accounts/v1/",
}
# developer.sage.com/200/api/get-started: one host for the UK and Ireland.
_POSITIVE: Final = {
    "connect_timeout": "seconds",
    "read_timeout": "seconds",
    "request_timeout": "seconds",
    "total_timeout": "seconds",
    "retries_per_second": "retries",
    "sign_in_days": "days",
}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class CompanyContext(Struct, frozen=True):
    """Where a query goes: which service, site and company, within what limits."""

    base_url: str = ""
    site: str = ""
    company: str = ""
    max_query_bytes: int = MAX_QUERY_BYTES


class Settings(Struct, frozen=True, kw_only=True):
    """How to reach one Sage 200 company. Its repr shows no secret.

    Each can come from the environment, as ``SAGE200_`` and the name in capital
    letters: see `from_env`. Everything but credentials has a default.

    Example:
        >>> Settings(access_token="t", site="s", company=7)
        Settings(edition='professional', site='s', company='7', access_token=...)
    """

    edition: Literal["professional", "standard"] = "professional"
    """Which Sage 200 it is; it decides `base_url` where that is not given."""
    base_url: str = ""
    """The API's address, for a sandbox, an on-premises tunnel or a LAN."""
    authorization_url: str = "https://id.sage.com/authorize"
    """Where a person signs in."""
    token_url: str = "https://id.sage.com/oauth/token"
    """Where tokens are refreshed."""
    client_id: str = ""
    """The OAuth client that Sage issued."""
    client_secret: str = ""
    """The client's secret; a public (desktop) client has none."""
    refresh_token: str = ""
    """Seeds an empty token store."""
    access_token: str = ""
    """Seeds an empty token store."""
    subscription_key: str = ""
    """Sent where set. Sage's gateway has ignored it since 6 August 2025."""
    secondary_subscription_key: str = ""
    """Sent when the gateway refuses the first."""
    site: str = ""
    """``X-Site``: the site's GUID, from `Sage200Client.sites`."""
    company: str | int = ""
    """``X-Company``: the company's number, from `Sage200Client.sites`."""
    token_store: Any = "memory://"
    """A `TokenStore`, or its URL: ``memory://``, ``file:///path/tokens.json``,
    ``keyring://name`` or ``redis://host/0``."""
    sign_in_days: float = 90.0
    """Days from consent after which a person has to sign in again.

    Chosen, up to 90, on the form that asks Sage for credentials.
    """
    page_size: int = PAGE_MAX
    """Records that one request asks for at most, 1 to 5000."""
    max_query_bytes: int = MAX_QUERY_BYTES
    """Bytes of an encoded query string at most."""
    connect_timeout: float = 10.0
    """Seconds to wait for a connection."""
    read_timeout: float = 60.0
    """Seconds to wait for the next bytes of a reply."""
    request_timeout: float = 300.0
    """Seconds that one attempt may take in all."""
    total_timeout: float | None = None
    """Seconds that one call may take, with all its attempts and waits."""
    max_response_bytes: int = 512 * 1024**2
    """Bytes of a reply, inflated, at most."""
    max_connections: int = 10
    """Connections, and so requests in flight, at most."""
    max_attempts: int = 5
    """Times that one request is sent at most."""
    max_retry_seconds: float = 300.0
    """Seconds after which no further attempt is begun."""
    retries_per_second: float = 1.0
    """Retries that all tasks together may make, once ten are spent."""

    def __post_init__(self) -> None:
        """Check what can be checked without I/O."""
        if self.edition not in _BASE_URLS:
            _refuse("edition", "'professional' or 'standard'", self.edition)
        if not self.base_url:
            msgspec.structs.force_setattr(self, "base_url", _BASE_URLS[self.edition])
        msgspec.structs.force_setattr(self, "company", str(self.company))
        for name in ("site", "company", *sorted(_SECRETS)):
            _require_plain(name, getattr(self, name))
        for name in ("base_url", "authorization_url", "token_url"):
            require_url(name, getattr(self, name), secure=name != "base_url")
        if not 1 <= self.page_size <= PAGE_MAX:
            _refuse("page_size", f"1 to {PAGE_MAX} records", self.page_size)
        for name in (
            "max_query_bytes",
            "max_connections",
            "max_attempts",
            "max_response_bytes",
        ):
            if getattr(self, name) < 1:
                _refuse(name, "1 or more", getattr(self, name))
        for name, unit in _POSITIVE.items():
            value = getattr(self, name)
            if value is not None and not value > 0:
                _refuse(name, f"{unit}, more than 0", value)

    def __repr__(self) -> str:
        shown: list[str] = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            default = "" if name == "base_url" else _DEFAULTS[name]
            if (name in _SECRETS and value) or (
                name == "token_store" and "@" in str(value)
            ):
                shown.append(f"{name}=...")
            elif name == "edition" or value not in (default, _BASE_URLS[self.edition]):
                shown.append(f"{name}={value!r}")
        order = sorted(shown, key=lambda text: text.endswith("=..."))
        return f"Settings({', '.join(order)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than `repr` does: msgspec's own shows every field."""
        plain = ("edition", "base_url", "site", "company")
        return [(name, getattr(self, name)) for name in plain]

    @property
    def context(self) -> CompanyContext:
        """Where queries go."""
        return CompanyContext(
            self.base_url, self.site, str(self.company), self.max_query_bytes
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read settings from ``SAGE200_<NAME>``.

        Args:
            environ: Where to read; the process's environment by default.

        Raises:
            SettingsError: A ``SAGE200_`` variable is unknown or malformed.

        Example:
            >>> Settings.from_env({"SAGE200_EDITION": "standard"}).edition
            'standard'
        """
        found = os.environ if environ is None else environ
        given = {
            name.removeprefix(_PREFIX).lower(): value
            for name, value in found.items()
            if name.startswith(_PREFIX)
        }
        unknown = sorted(given.keys() - set(cls.__struct_fields__))
        if unknown:
            name = unknown[0]
            _refuse(name, "a known setting", f"{_PREFIX}{name.upper()}")
        return cls(**{name: _typed(name, value) for name, value in given.items()})


_DEFAULTS: Final = {
    field.name: field.default for field in msgspec.structs.fields(Settings)
}
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Settings)}


def _typed(name: str, text: str) -> Any:
    try:
        return msgspec.convert(text, _TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        message = f"{_PREFIX}{name.upper()} is malformed: {error}"
        raise SettingsError(message, name=name) from error


def _refuse(name: str, expected: str, got: object) -> None:
    message = f"{name}: expected {expected}, got {got!r}"
    raise SettingsError(message, name=name)


def _require_plain(name: str, text: str) -> None:
    """Refuse what no header can carry, without showing it."""
    if not text.isprintable():
        message = f"{name} holds a line break or another control character"
        raise SettingsError(message, name=name)


def require_url(name: str, url: str, *, secure: bool) -> None:
    """Refuse what is no http(s) URL, or not safe for what goes there.

    Args:
        name: The setting, for the message.
        url: The URL.
        secure: Whether it has to be https, or on this machine.

    Raises:
        SettingsError: It is not.
    """
    scheme, host = _scheme_and_host(url)
    if scheme not in {"http", "https"} or not host:
        _refuse(name, "an http(s) URL", url)
    if secure and scheme == "http" and host not in _LOOPBACK:
        _refuse(name, "https, since credentials go there", url)


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        nowhere = parts.port == 0
    except ValueError:  # a bracket or a port that is none
        return "", None
    return parts.scheme, None if nowhere else parts.hostname
