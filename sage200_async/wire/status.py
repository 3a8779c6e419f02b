"""From the status of a response to an error that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    ServerError,
    StatusError,
    Unauthorized,
)
from sage200_async.errors.known_secrets import body_without_secrets, without_secrets
from sage200_async.wire.error_details import message_in
from sage200_async.wire.headers import request_id, retry_after

if TYPE_CHECKING:
    from sage200_async.wire.messages import Request, Response

_ERRORS: Final[dict[int, type[StatusError]]] = {
    error.status_code: error
    for error in (BadRequest, Unauthorized, Forbidden, NotFound, Conflict, RateLimited)
}
_REDIRECT: Final = "redirects are not followed: check base_url"
_ADVICE: Final = {
    **dict.fromkeys((301, 302, 303, 307, 308), _REDIRECT),
    401: (
        "the token has expired, or the site or company is wrong, or the user "
        "may not use that company: check site, company and the user's role, as `sage200 "
        "doctor` does"
    ),
    403: "the user's role lacks this module or feature",
    404: "no such id, or this edition or version of Sage 200 has no such path or verb",
    407: "check the setting proxy (SAGE200_PROXY, else HTTP_PROXY), its user and password",
    429: "too many requests: wait, or set max_connections lower",
    500: "the server failed: try again later, or ask for less",
    **dict.fromkeys(
        (502, 503, 504),
        "the on-premises server or its tunnel is slow or down: try again later, or "
        "ask for less with select() and page_size()",
    ),
}
# 401: Sage's FAQ as restated by SelectCo/sage200-api-client; its body is
# usually empty. 404 for unsupported verbs: the same FAQ.
_SUCCESS: Final = 2
_REQUEST_TIMEOUT: Final = 408
# "The client MAY repeat the request": RFC 9110, 15.5.9. Proxies send it on a
# connection that was idle, while a request is on its way.
_FAILURE: Final = 5


def check(request: Request, response: Response, now: float) -> Response:
    """Return *response* if it is a success.

    Raises:
        StatusError: It is none: the class follows the status, ``detail`` is
            Sage's message, ``retry_after`` is in seconds.

    Source:
        SelectCo/sage200-api-client, developer.sage.com: successes are 200,
        errors carry ``{"Message": ...}``.
    """
    if response.status // 100 == _SUCCESS:
        return response
    response = _without_secrets(response)
    error = _ERRORS.get(response.status, _class_of(response.status))
    # The token endpoint, which has no path, may have sent a token: auth/oauth.py reads it.
    detail = message_in(response) if request.path else ""
    advice = _ADVICE.get(response.status, "")
    reasons = [part for part in (detail, advice) if part] or ["no reason given"]
    raised = error(
        f"{request} returned {response.status}: {'; '.join(reasons)}",
        request=request,
        response=response,
        detail=detail,
        retry_after=retry_after(response.headers, now),
    )
    raised.retryable = raised.retryable or response.status == _REQUEST_TIMEOUT
    raised.request_id = request_id(response.headers)
    raise raised


def _without_secrets(response: Response) -> Response:
    """Return *response* without the secrets that it repeats: an error keeps it."""
    named = response.headers.items()
    headers = {name: without_secrets(value) for name, value in named}
    body = body_without_secrets(bytes(response.body))
    return replace(response, headers=headers, body=body)


def _class_of(status: int) -> type[StatusError]:
    return ServerError if status // 100 == _FAILURE else StatusError
