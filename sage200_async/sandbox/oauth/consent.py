"""The authorization endpoint: a consent page, and the redirect back to the client."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from aiohttp import web
from yarl import URL

from sage200_async.sandbox.oauth.requests import check_client, refusal_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.oauth.authorization_server import AuthorizationServer

_ACCESS_DENIED: Final = {
    "error": "access_denied",
    "error_description": "User did not authorize the request",
}
# As Auth0 words it, on which Sage ID runs.
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox sign-in</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 12vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; }}
button {{ font: inherit; padding: .5rem 1.5rem; margin-right: .75rem; border-radius: .4rem; border: 1px solid; cursor: pointer; }}
button[value=allow] {{ background: #00683a; border-color: #00683a; color: #fff; }}
</style>
</head>
<body>
<main>
<h1>Sandbox sign-in</h1>
<p><strong>{client}</strong> asks to use the made-up company of this sandbox in your name.</p>
<p>It asks for: {scope}. You will be sent on to {host}.</p>
<form method="post">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="refuse">Refuse</button>
</form>
</main>
</body>
</html>
"""


async def authorize(request: web.Request, server: AuthorizationServer) -> web.Response:
    """Redirect back with a code at once, or as the person decides on the page."""
    try:
        check_client(request.query)
    except ValueError as error:
        return web.Response(status=400, text=str(error))
    result = refusal_of(request.query)
    asks_person = server.behaviour.consent == "ask" and not result
    if asks_person and request.method == "GET":
        return web.Response(text=consent_page(request.query), content_type="text/html")
    if asks_person and (await request.post()).get("decision") != "allow":
        result = _ACCESS_DENIED
    if not result:
        result = {"code": server.issue_code(request.query)}
    state = request.query.get("state", "")
    if server.behaviour.forge_state:
        state = f"{state}-forged"
    redirect_uri = URL(request.query["redirect_uri"])
    location = redirect_uri.update_query({**result, "state": state})
    return web.Response(status=302, headers={"Location": str(location)})


def consent_page(query: Mapping[str, str]) -> str:
    """Return the page that asks for consent."""
    return _PAGE.format(
        client=escape(query["client_id"]),
        scope=escape(", ".join(query.get("scope", "").split()) or "nothing"),
        host=escape(URL(query["redirect_uri"]).host or "nowhere"),
    )
