"""``sage200 init``: from a client id to a profile that every command uses."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from sage200_async import (
    AuthorizationRequest,
    Sage200Client,
    Settings,
    _keyring,
    create_authorization_url,
    exchange_code,
)
from sage200_async._url_checks import require_plain
from sage200_async.auth.stores import MemoryStore, store_at
from sage200_async.cli.company_choice import choose_company
from sage200_async.cli.database_password import decoded
from sage200_async.cli.login import LoginOptions, print_tokens, sign_in
from sage200_async.cli.messages import note
from sage200_async.cli.new_profile import Answers
from sage200_async.cli.profiles import save_profile, stored_profiles
from sage200_async.cli.prompts import ask, confirmed, is_interactive
from sage200_async.errors import (
    NotFound,
    Sage200Error,
    SettingsError,
    StatusError,
    TokenStoreError,
)
from sage200_async.errors.base import bare
from sage200_async.errors.foreign_text import printable
from sage200_async.profiles.file import ProfileFile, require_name
from sage200_async.profiles.folder import config_folder
from sage200_async.profiles.source import VARIABLE, find_source
from sage200_async.sandbox.oauth.requests import CLIENT_ID, CLIENT_SECRET
from sage200_async.sandbox.server.server import BASES
from sage200_async.transport.base import Clock
from sage200_async.transport.http import HttpTransport
from sage200_async.wire.messages import Request

if TYPE_CHECKING:
    from sage200_async import Tokens
    from sage200_async.catalog import Site

_WHERE: Final = """\
Sage issues a client id, and a secret unless it is a desktop client, to developers who
ask for them: https://developer.sage.com/200/guides/authenticating/
No client yet? `sage200 sandbox` serves a Sage 200 on this machine."""
_REDIRECT_URI: Final = "http://127.0.0.1/callback"
# Nothing listens there: the redirect is read, and not followed.


class InitOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 init``."""

    login: LoginOptions
    profile: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    edition: str = ""
    site: str = ""
    company: str = ""
    sandbox: str = ""
    secrets: str = ""
    """``keyring`` or ``file``; empty for the keyring, or what is asked for without one."""
    overwrite: bool = False


def init(options: InitOptions) -> None:
    """Ask what is not known yet, sign in, choose a company, and save a profile.

    Raises:
        click.UsageError: Something is missing, and there is no terminal to ask on.
        Sage200Error: The sign-in failed, or no company could be listed.
    """
    profile = require_name(options.profile or os.environ.get(VARIABLE) or "default")
    file = _require_free(profile, overwrite=options.overwrite)
    answers = _sandbox(profile, options) if options.sandbox else _ask(profile, options)
    answers = answers.in_place_of(file.profiles.get(profile, {}))
    editions = _editions(options, answers)
    # A profile that works is replaced, with its tokens, when the new one is complete.
    store = MemoryStore() if answers.is_finished else None
    tokens = _sign_in(answers.settings(editions[0], store), options)
    if store is None:
        _save(answers, {"edition": editions[0]})
    try:
        edition, sites = asyncio.run(_companies(answers, editions, store))
        if options.sandbox and not options.company:
            sites = sites[:1]  # of made-up companies, any will do
        site = choose_company(sites, options.site, options.company)
    except (Sage200Error, click.UsageError) as error:
        error.add_note(_unfinished(answers))
        raise
    if store is not None:
        asyncio.run(_move_tokens(store, answers.store))
    company = {"site": site.site_id, "company": str(site.company_id)}
    _save(answers, {"edition": edition, **company})
    # Not before: what cannot be printed must not lose the profile.
    print_tokens(answers.settings(edition), tokens)
    _print_end(profile, site)


def _editions(options: InitOptions, answers: Answers) -> list[str]:
    """Return the editions to look for companies in, in this order."""
    if options.edition or "base_url" not in answers.values:
        return [options.edition] if options.edition else list(BASES)
    before = "" if options.sandbox else answers.before.get("edition")
    return [before or next(iter(BASES))]


async def _move_tokens(store: MemoryStore, url: str) -> None:
    target = store_at(url)
    tokens = await store.load()
    if tokens is not None:
        async with target.lock():
            await target.save(tokens)


def _unfinished(answers: Answers) -> str:
    profile, named = answers.profile, f"--profile {answers.profile}"
    if answers.is_finished:
        return f"The profile {profile!r} is as it was."
    return (
        f"The profile {profile!r} is saved without a company: `sage200 doctor {named}` finds "
        f"out what is wrong. Then run `sage200 init {named}` again."
    )


def _require_free(profile: str, *, overwrite: bool) -> ProfileFile:
    """Ask before a finished profile is replaced; return the profiles."""
    file = stored_profiles()
    for name in file.profiles:
        if name != profile and name.lower() == profile.lower():
            message = (  # their files of tokens would be one on Windows and macOS
                f"There is a profile {name!r} already, which differs from {profile!r} only "
                "in capital letters: choose another name."
            )
            raise SettingsError(message, name="profile")
    if overwrite or "site" not in file.profiles.get(profile, {}):
        return file
    if not is_interactive():
        message = (
            f"There is a profile {profile!r} already; pass --overwrite to replace it, or "
            "--profile NAME to make another."
        )
        raise click.UsageError(message)
    if not confirmed(f"There is a profile {profile!r} already. Replace it?"):
        raise click.Abort
    return file


def _ask(profile: str, options: InitOptions) -> Answers:
    """Return the answers for a client of Sage's."""
    client_id = options.client_id or os.environ.get("SAGE200_CLIENT_ID", "")
    if not client_id:
        if is_interactive():
            click.echo(_WHERE, err=True)
        client_id = ask("Client id", "--client-id")
    require_plain("client_id", client_id)
    secret = _secret(options)
    keyring = _goes_into_keyring(options.secrets)
    return Answers(profile, {"client_id": client_id.strip()}, secret, keyring)


def _secret(options: InitOptions) -> str:
    """Return the client's secret; "" for a client that has none."""
    path = options.client_secret_file
    if path is not None:
        try:
            data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
            return decoded(data).strip()
        except (OSError, UnicodeDecodeError):  # which may hold the secret
            message = f"--client-secret-file {path}: cannot be read as text"
            raise click.UsageError(message) from None
    secret = os.environ.get("SAGE200_CLIENT_SECRET", "")
    if secret or not is_interactive():
        return secret
    return ask("Client secret (not shown; empty for a desktop client)", hidden=True)


def _goes_into_keyring(secrets: str) -> bool:
    """Whether secrets go into the keyring; into files only by consent."""
    reason = _keyring.why_unusable()
    folder = config_folder(os.environ)
    if secrets == "file" or (
        not secrets
        and reason
        and is_interactive()
        and confirmed(
            f"There is no keyring to use here ({reason}). Keep the secret and the tokens in "
            f"{folder}, in files that only you can read?"
        )
    ):
        return False
    if reason:
        message = (
            f"There is no keyring to use here: {reason}. --secrets file keeps the secret "
            f"and the tokens in {folder}, in files that only you can read; or install "
            "the extra: pip install 'sage200-async[keyring]'."
        )
        raise click.UsageError(message)
    return True


def _sandbox(profile: str, options: InitOptions) -> Answers:
    """Return the answers for a sandbox, whose secrets open made-up records only."""
    url, edition = options.sandbox.rstrip("/"), options.edition or "professional"
    values = {
        "client_id": CLIENT_ID,
        "base_url": url + BASES[edition],
        "authorization_url": f"{url}/authorize",
        "token_url": f"{url}/oauth/token",
        "allow_insecure_http": url.startswith("http:"),
    }
    return Answers(profile, values, CLIENT_SECRET, keyring=False)


def _sign_in(settings: Settings, options: InitOptions) -> Tokens:
    """Sign in with a browser; at a sandbox that asks nobody, without one."""
    try:
        tokens = asyncio.run(_at_sandbox(settings)) if options.sandbox else None
        return tokens or sign_in(settings, options.login)
    except Sage200Error as error:
        failure = bare(error)
    failure.add_note(_advice(failure, options))
    raise failure  # without the frames whose variables hold state and code


def _advice(error: Sage200Error, options: InitOptions) -> str:
    if options.sandbox:
        return (
            "Nothing is saved. Is the sandbox running? Start it with `sage200 sandbox "
            "--port 8200` in another terminal, and pass its address to --sandbox."
        )
    stored = isinstance(error, TokenStoreError)
    option = " --secrets file" if stored and options.secrets != "file" else ""
    return f"Nothing is saved. Run `sage200 init{option}` again."


async def _at_sandbox(settings: Settings) -> Tokens | None:
    """Sign in at a sandbox that grants it at once; None if it shows a page that asks."""
    request = AuthorizationRequest.begin(_REDIRECT_URI)
    http = HttpTransport(settings, Clock(), connections=1)
    await http.open()
    try:
        url = create_authorization_url(settings, request)
        await http.send(Request(method="GET", path="", base_url=url))
    except StatusError as error:
        response = bare(error).response
        location = "" if response is None else response.headers.get("location", "")
        if not location:
            raise
    else:
        return None
    finally:
        await http.close()
    return await exchange_code(settings, request, location)


async def _companies(
    answers: Answers, editions: list[str], store: MemoryStore | None
) -> tuple[str, list[Site]]:
    """Return the companies, and the edition that lists them.

    Raises:
        NotFound: None of the editions has the path.
    """
    missing: NotFound | None = None
    for edition in editions:
        async with Sage200Client(answers.settings(edition, store)) as client:
            try:
                sites = await client.sites()
            except NotFound as error:
                missing = error
                continue
        if sites:
            return edition, sites
    if missing is not None:
        raise missing
    return editions[0], []


def _save(answers: Answers, more: dict[str, Any]) -> None:
    """Save the profile; what it had of other settings, such as time-outs, stays."""
    save_profile(
        answers.profile,
        answers.to_save(more),
        answers.secret,
        keyring=answers.keyring,
    )


def _print_end(profile: str, site: Site) -> None:
    file = stored_profiles()
    click.echo(
        f"company        {printable(site.company_name or '')} ({site.company_id})"
    )
    click.echo(f"profile        {profile}, in {file.path}")
    source = find_source({**os.environ, VARIABLE: ""})
    if source.kind == "environment":
        note(
            f"note: {source} in the environment: profiles are not used until you unset that"
        )
    named = "" if file.chosen == profile else f" --profile {profile}"
    click.echo(f"\nnext: sage200 query customers --top 5{named}")
    click.echo(f"      sage200 doctor{named}")
