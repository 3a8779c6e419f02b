"""How to reach a sandbox, as text for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.settings import Settings

_VARIABLES: Final = (
    "edition",
    "base_url",
    "token_url",
    "authorization_url",
    "allow_insecure_http",
    "client_id",
    "client_secret",
    "refresh_token",
    "access_token",
    "site",
    "company",
)
_QUERY: Final = "customers?$top=5&$orderby=id"
_POSTMAN_VARIABLES: Final = (
    "base_url",
    "token_url",
    "access_token",
    "refresh_token",
    "site",
    "company",
    "client_id",
    "client_secret",
)
_POSTMAN: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def variables(settings: Settings) -> dict[str, str]:
    """Return settings as variables of the environment.

    A profile that the user has is turned off: the sandbox is meant.
    """
    values = {name: getattr(settings, name) for name in _VARIABLES}
    texts = {
        f"SAGE200_{name.upper()}": "true" if value is True else str(value)
        for name, value in values.items()
        if value is not False
    }
    return {**texts, "SAGE200_PROFILE": "none"}


def env_text(settings: Settings) -> str:
    """Return lines of ``NAME=value``, for a shell, Docker or a ``.env`` file."""
    return "\n".join(f"{name}={text}" for name, text in variables(settings).items())


def powershell_text(settings: Settings) -> str:
    """Return commands that set the environment, and one that sends a request."""
    lines = [f"$env:{name} = '{text}'" for name, text in variables(settings).items()]
    return "\n".join(
        [
            *lines,
            "$headers = @{",
            '    Authorization = "Bearer $env:SAGE200_ACCESS_TOKEN"',
            "    'X-Site' = $env:SAGE200_SITE",
            "    'X-Company' = $env:SAGE200_COMPANY",
            "}",
            f"Invoke-RestMethod -Uri '{settings.base_url}{_QUERY}' -Headers $headers",
        ]
    )


def curl_text(settings: Settings) -> str:
    """Return a command that sends a request."""
    return " \\\n  ".join(
        [
            f"curl '{settings.base_url}{_QUERY}'",
            f"-H 'Authorization: Bearer {settings.access_token}'",
            f"-H 'X-Site: {settings.site}'",
            f"-H 'X-Company: {settings.company}'",
        ]
    )


def postman_text(settings: Settings) -> str:
    """Return a Postman collection, to be imported from a file."""
    token = [{"key": "token", "value": "{{access_token}}", "type": "string"}]
    new = {"reference": "NEW001", "name": "New customer"}
    collection = {
        "info": {"name": "Sage 200 sandbox", "schema": _POSTMAN},
        "auth": {"type": "bearer", "bearer": token},
        "variable": [
            {"key": name, "value": str(getattr(settings, name))}
            for name in _POSTMAN_VARIABLES
        ],
        "item": [
            _request("Sites", "GET", "{{base_url}}sites"),
            _request("Customers", "GET", "{{base_url}}" + _QUERY),
            _request("New customer", "POST", "{{base_url}}customers", new),
            _refresh_request(),
        ],
    }
    return msgspec.json.format(msgspec.json.encode(collection), indent=2).decode()


def _request(name: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    headers = {"X-Site": "{{site}}", "X-Company": "{{company}}"}
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "header": [{"key": key, "value": value} for key, value in headers.items()],
    }
    if body is not None:
        json = {"raw": {"language": "json"}}
        text = msgspec.json.encode(body).decode()
        request["body"] = {"mode": "raw", "raw": text, "options": json}
    return {"name": name, "request": request}


def _refresh_request() -> dict[str, Any]:
    form = {"grant_type": "refresh_token"} | {
        name: f"{{{{{name}}}}}"
        for name in ("refresh_token", "client_id", "client_secret")
    }
    fields = [{"key": key, "value": value} for key, value in form.items()]
    return {
        "name": "Refresh the token (the refresh token works once)",
        "request": {
            "method": "POST",
            "url": "{{token_url}}",
            "auth": {"type": "noauth"},
            "body": {"mode": "urlencoded", "urlencoded": fields},
        },
    }


TEXTS: Final[dict[str, Callable[[Settings], str]]] = {
    "env": env_text,
    "powershell": powershell_text,
    "curl": curl_text,
    "postman": postman_text,
}
"""The texts by the tools that they are for."""
