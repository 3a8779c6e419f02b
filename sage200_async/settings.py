"""Settings: one frozen value, from the caller, the environment or a profile."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from sage200_async._environment import values_in
from sage200_async._url_checks import (
    is_harmless,
    refuse,
    require_plain,
    require_proxy,
    require_token_store,
    require_url,
    shown,
)
from sage200_async.errors import SettingsError
from sage200_async.errors.base import bare
from sage200_async.limits import MAX_QUERY_BYTES, MAX_RECORD_BYTES, PAGE_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

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
_CHOICES: Final = {
    "edition": "'professional' or 'standard'",
    "check_inputs": "'error', 'warn' or 'off'",
}
_POSITIVE: Final = {
    "connect_timeout": "seconds",
    "read_timeout": "seconds",
    "request_timeout": "seconds",
    "total_timeout": "seconds",
    "retries_per_second": "retries",
    "sign_in_days": "days",
}
_AT_LEAST_ONE: Final = (
    "max_query_bytes",
    "max_connections",
    "max_attempts",
    "max_response_bytes",
    "max_record_bytes",
    "max_requests_per_minute",
)
_ALLOW_HTTP: Final = " (allow_insecure_http=True permits http)"


class CompanyContext(Struct, frozen=True):
    """Which service, site and company a query is for, and how long it may be."""

    base_url: str = ""
    site: str = ""
    company: str = ""
    max_query_bytes: int = MAX_QUERY_BYTES
    trust_short_pages: bool = False
    max_record_bytes: int = MAX_RECORD_BYTES
    check_inputs: str = "warn"


class Settings(Struct, frozen=True, kw_only=True):
    """How to reach one Sage 200 company. Its repr shows no secret.

    Each can come from the environment, as ``SAGE200_`` and its name in capital
    letters, or from a profile: see `load`. All but the credentials have a default.

    Raises:
        SettingsError: A setting has a wrong type or value.

    Example:
        >>> Settings(access_token="t", site="s", company=7)
        Settings(edition='professional', site='s', company='7', access_token=...)
    """

    edition: Literal["professional", "standard"] = "professional"
    """Which Sage 200 it is; it decides `base_url` if that is not set."""
    base_url: str = ""
    """The API's address, for a sandbox, an on-premises tunnel or a LAN."""
    authorization_url: str = "https://id.sage.com/authorize"
    """Where a person signs in."""
    token_url: str = "https://id.sage.com/oauth/token"
    """Where tokens are issued and refreshed."""
    allow_insecure_http: bool = False
    """Whether these three may be http on another machine: tokens and secrets can
    be read on the way."""
    client_id: str = ""
    """The OAuth client that Sage issued to you."""
    client_secret: str = ""
    """The client's secret; a public (desktop) client has none."""
    refresh_token: str = ""
    """Used if the token store is empty."""
    access_token: str = ""
    """Used if the token store is empty."""
    subscription_key: str = ""
    """Sent if set. Sage's gateway has ignored it since 6 August 2025."""
    secondary_subscription_key: str = ""
    """Sent if the gateway refuses the first."""
    site: str = ""
    """``X-Site``: the site's GUID, from `Sage200Client.sites`."""
    company: str | int = ""
    """``X-Company``: the company's number, from `Sage200Client.sites`."""
    token_store: Any = "memory://"
    """A `TokenStore`, or its URL: ``memory://``, ``file:///path/tokens.json``,
    ``keyring://name`` or ``redis://host/0``. A keyring that keeps plain text is
    refused, unless it is ``keyring://name?plaintext=allow``."""
    sign_in_days: float = 90.0
    """Days after which a person has to sign in again.

    Chosen, up to 90, on the form that asks Sage for credentials.
    """
    page_size: int = PAGE_MAX
    """Records that one request asks for at most, 1 to 5000."""
    max_query_bytes: int = MAX_QUERY_BYTES
    """Bytes of an encoded query string at most."""
    trust_short_pages: bool = False
    """Whether a page shorter than requested ends a stream, which saves a request.

    Right only for a server that has no limit of its own below ``$top``, and nothing
    in between that cuts responses. `read`, exports and syncs never rest on it.
    """
    check_inputs: Literal["error", "warn", "off"] = "warn"
    """How writes that break Sage's documented rules are met before they are sent.

    Rules: required and read-only fields, lengths. As the documents are wrong in places,
    ``warn`` refuses (`InvalidInput`) what another source confirms, and warns of the rest
    (`InputWarning`, once a call); ``error`` refuses all; ``off`` checks none of it.
    """
    connect_timeout: float = 10.0
    """Seconds to wait for a connection."""
    read_timeout: float = 60.0
    """Seconds to wait for the next bytes of a response, or an eighth more."""
    request_timeout: float = 300.0
    """Seconds that one attempt may take."""
    total_timeout: float | None = None
    """Seconds that one call may take, with all attempts and waits; None: no limit."""
    max_response_bytes: int = 512 * 1024**2
    """Bytes of a response, decompressed, at most."""
    max_record_bytes: int = MAX_RECORD_BYTES
    """Bytes of one record of a page at most; a larger one is a `DecodeError`, since
    the event loop would stand still while it is decoded."""
    max_connections: int = 10
    """Connections, and so requests in flight, at most."""
    max_requests_per_minute: int | None = None
    """Requests that a client sends in any 60 seconds at most; None: no limit."""
    proxy: str = ""
    """``http://user:password@host:port``, for the API and for tokens.

    Without it, that of the system applies: ``HTTPS_PROXY``, ``HTTP_PROXY``, but for
    this machine and the hosts of ``NO_PROXY``. ``direct`` means none at all.
    """
    ca_file: str = ""
    """A file of certificates (PEM) that are trusted as well as the system's."""
    max_attempts: int = 5
    """How often one request is sent at most."""
    max_retry_seconds: float = 300.0
    """Seconds after which no further attempt is made."""
    retries_per_second: float = 1.0
    """Retries of all tasks together, after the first ten."""

    def __post_init__(self) -> None:
        """Check what can be checked without I/O."""
        try:
            return self._check()
        except SettingsError as error:
            failure = bare(error)
        raise failure  # without the frames whose variables are settings

    def _check(self) -> None:
        for name in self.__struct_fields__:
            _require_type(name, getattr(self, name))
        for name, choices in _CHOICES.items():
            if repr(getattr(self, name)) not in choices:
                refuse(name, choices, getattr(self, name))
        if not self.base_url:
            msgspec.structs.force_setattr(self, "base_url", _BASE_URLS[self.edition])
        msgspec.structs.force_setattr(self, "company", str(self.company))
        for name in ("site", "company", *sorted(_SECRETS)):
            require_plain(name, getattr(self, name))
        secure = not self.allow_insecure_http
        for name in ("base_url", "authorization_url", "token_url"):
            require_url(name, getattr(self, name), secure=secure, allow=_ALLOW_HTTP)
        if "?" in self.base_url:  # what is asked for would become part of a value
            raise SettingsError(
                "base_url: expected a URL without a query (?)", name="base_url"
            )
        require_proxy(self.proxy)
        self._check_numbers()

    def _check_numbers(self) -> None:
        if not 1 <= self.page_size <= PAGE_MAX:
            refuse("page_size", f"1 to {PAGE_MAX} records", self.page_size)
        for name in _AT_LEAST_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                refuse(name, "1 or more", value)
        for name, unit in _POSITIVE.items():
            value = getattr(self, name)
            if value is not None and not value > 0:
                refuse(name, f"{unit}, more than 0", value)

    def __repr__(self) -> str:
        texts: list[str] = []
        for name, known in _DEFAULTS.items():
            value, default = getattr(self, name), "" if name == "base_url" else known
            if (
                (name in _SECRETS and value)
                or (name == "token_store" and not is_harmless(value))
                or (name == "proxy" and "@" in str(value))
            ):
                texts.append(f"{name}=...")
            elif name == "edition" or value not in (default, _BASE_URLS[self.edition]):
                texts.append(f"{name}={value!r}")
        order = sorted(texts, key=lambda text: text.endswith("=..."))
        return f"Settings({', '.join(order)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        names = ("edition", "base_url", "site", "company")
        return [(name, getattr(self, name)) for name in names]

    @property
    def context(self) -> CompanyContext:
        """What queries need of the settings."""
        return CompanyContext(
            self.base_url,
            self.site,
            str(self.company),
            self.max_query_bytes,
            self.trust_short_pages,
            self.max_record_bytes,
            self.check_inputs,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Return settings from the variables ``SAGE200_<NAME>``.

        An empty variable counts as unset. A variable that is a misspelling of a
        setting is refused. Others are ignored: Kubernetes, for one, sets
        ``SAGE200_SERVICE_HOST`` for a service of the name ``sage200``.

        Args:
            environ: The variables; those of the process by default.

        Raises:
            SettingsError: A variable is misspelled or malformed.

        Example:
            >>> Settings.from_env({"SAGE200_EDITION": "standard"}).edition
            'standard'
        """
        try:
            return cls(**values_in(os.environ if environ is None else environ, KINDS))
        except SettingsError as error:
            failure = bare(error)
        del environ
        raise failure  # without the frames whose variables are settings

    @classmethod
    def load(
        cls, profile: str | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Return settings from the environment, else from a profile; reads files.

        A variable that decides whose company it is (client, tokens, site, company,
        edition, addresses) makes the environment the source of all of these; without
        any it is the profile that ``sage200 init`` made. Other settings come from the
        environment, else the profile. Tokens are those that ``sage200 login`` or
        ``init`` stored, unless there are others.

        Args:
            profile: Its name; by default ``SAGE200_PROFILE``, else the default one.
                ``none`` takes the environment alone.
            environ: The variables; those of the process by default.

        Raises:
            SettingsError: Nothing is set, a variable, the profile or its file is
                wrong, or a profile is named although the environment is the source.
        """
        from sage200_async.profiles import source as sources  # noqa: PLC0415 - late

        environ = os.environ if environ is None else environ
        source = None
        try:
            source = sources.require_source(environ, profile)
            settings = cls(**sources.values_of(source, environ, KINDS))
        except SettingsError as error:
            failure = sources.in_source(source, bare(error))
        else:
            _log.info("settings come from %s", source)
            return settings
        del environ
        raise failure  # without the frames whose variables are settings


_DEFAULTS: Final = {
    field.name: field.default for field in msgspec.structs.fields(Settings)
}
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Settings)}
_EXPECTED: Final[dict[Any, tuple[tuple[type, ...], str]]] = {
    str: ((str,), "text"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    int | None: ((int, type(None)), "a whole number or None"),
    float | None: ((int, float, type(None)), "a number or None"),
    str | int: ((str, int), "text or a whole number"),
} | {_TYPES[name]: ((str,), choices) for name, choices in _CHOICES.items()}
# What each annotation stands for in Python, and in a message.


def _require_type(name: str, value: object) -> None:
    """Refuse a value of the wrong type; of a secret, only its type is shown."""
    if name == "token_store":
        require_token_store(value)
        return
    types, expected = _EXPECTED[_TYPES[name]]
    is_bool = isinstance(value, bool)
    if not isinstance(value, types) or is_bool != (types == (bool,)):
        is_secret = name in _SECRETS or name == "proxy"
        got = type(value).__name__ if is_secret else shown(value)
        message = f"{name}: expected {expected}, got {got}"
        raise SettingsError(message, name=name)


KINDS: Final = {
    name: (kind, _EXPECTED[kind][1])
    for name, kind in _TYPES.items()
    if name != "token_store"
} | {"token_store": (str, "a URL")}
# The type of each setting, and the words for it in a message.
