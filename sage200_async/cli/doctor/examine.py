"""The checks, in the order in which each rests on those before it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from sage200_async import Sage200Client, Settings, Tokens
from sage200_async.auth.stores import MemoryStore, store_at
from sage200_async.cli.config import chosen_profile, settings_source
from sage200_async.cli.doctor import checks, errors
from sage200_async.cli.doctor.finding import Finding, complete, failed, ok, warning
from sage200_async.cli.doctor.observe import (
    Target,
    contact,
    targets,
    why_no_address,
    why_no_connection,
)
from sage200_async.errors import (
    DecodeError,
    Forbidden,
    NotFound,
    Sage200Error,
    SettingsError,
)
from sage200_async.sandbox.server.server import BASES

if TYPE_CHECKING:
    from sage200_async.auth.stores import TokenStore
    from sage200_async.catalog import Site
    from sage200_async.transport.base import Clock

_SAMPLE = "customers"
# What every company has; the check of the role and of the version reads one of them.


class Report(Struct):
    """The findings so far."""

    source: str = ""
    sign_in_days_left: float | None = None
    findings: list[Finding] = []

    def add(self, *findings: Finding) -> bool:
        """Add findings; return whether none of them failed."""
        self.findings += findings
        return not any(finding.status == "failed" for finding in findings)


async def examine(days: float, clock: Clock) -> Report:
    """Check everything between this machine and the company.

    Args:
        days: The sign-in has to last so many.
        clock: This machine's.

    Returns:
        The findings: at least one for each check.
    """
    report = Report()
    settings = _settings(report)
    if settings is not None and await _network(report, settings, clock):
        store = store_at(settings.token_store)
        values: dict[str, Any] = asdict(settings) | {"token_store": store}
        values["max_attempts"] = 1  # a doctor looks, and does not wait
        async with Sage200Client(type(settings)(**values)) as client:
            if await _token(report, client, store, days, clock):
                await _company(report, client)
    report.findings = complete(report.findings)
    return report


def _settings(report: Report) -> Settings | None:
    """Load the settings; return None if nothing can be checked with them."""
    try:
        source = settings_source()
        report.source = str(source)
        settings = Settings.load(chosen_profile())
        store_at(settings.token_store)
    except Sage200Error as error:
        report.add(errors.of_settings(error))
        return None
    fine = report.add(checks.check_settings(settings, source))
    return settings if fine else None


async def _network(report: Report, settings: Settings, clock: Clock) -> bool:
    """Check names, proxy, connections, certificates and the clock."""
    try:
        hops = targets(settings)
    except Sage200Error as error:
        return report.add(errors.of_settings(error))
    pairs = {hop.first_hop for hop in hops}
    failures = {host: await why_no_address(host, port) for host, port in sorted(pairs)}
    if not report.add(checks.check_names(failures)):
        return False
    if not report.add(await _proxy(hops, settings.connect_timeout)):
        return False
    server_clock: float | None = None
    for hop in hops:
        try:
            theirs = await contact(hop.url, settings, clock)
        except SettingsError as error:
            return report.add(errors.of_settings(error))
        except Sage200Error as error:
            return report.add(errors.of_contact(error, hop.host))
        server_clock = theirs if server_clock is None else server_clock
    report.add(ok("connection", ", ".join(dict.fromkeys(hop.host for hop in hops))))
    report.add(checks.check_encryption([hop.url for hop in hops]))
    # Whether it is right or not: the rest can be checked.
    return report.add(checks.check_clock(clock.now(), server_clock)) or True


async def _proxy(hops: list[Target], seconds: float) -> Finding:
    for hop in hops:
        reason = await why_no_connection(*hop.first_hop, seconds) if hop.proxy else ""
        if reason:
            return checks.check_proxy(hop.proxy, reason)
    return checks.check_proxy(next((hop.proxy for hop in hops if hop.proxy), ""), "")


async def _token(
    report: Report,
    client: Sage200Client,
    store: TokenStore,
    days: float,
    clock: Clock,
) -> bool:
    """Check that there is a token that works, and for how long."""
    settings = client.settings
    if isinstance(store, MemoryStore) and not settings.access_token:
        cure = (
            "Set SAGE200_TOKEN_STORE, such as file:///path/tokens.json: Sage may replace "
            "the token at each use, so it is not tried here."
        )
        message = "SAGE200_REFRESH_TOKEN is used, and its successors are stored nowhere"
        return report.add(failed("token", message, cure))
    try:
        await client.access_token()
        tokens = await store.load() or Tokens()
    except Sage200Error as error:
        return report.add(errors.of_tokens(error))
    report.sign_in_days_left = checks.days_left(tokens, clock.now())
    # Whether it ends soon or not: it works now, and the rest can be checked.
    return report.add(checks.check_tokens(tokens, clock.now(), days)) or True


async def _company(report: Report, client: Sage200Client) -> None:
    """Check the sites, the company, what the user may do, and the service itself."""
    try:
        sites = await client.sites()
    except Sage200Error as error:
        report.add(errors.of_request(error, "sites"))
        if isinstance(error, NotFound):
            await _other_edition(report, client)
        return
    if not report.add(*checks.check_sites(sites)):
        return
    settings = client.settings
    company = checks.check_company(sites, settings.site, str(settings.company))
    if report.add(company):
        await _use(report, client)


async def _use(report: Report, client: Sage200Client) -> None:
    """Check what needs a company: one request for each thing that can be refused."""
    started = time.perf_counter()
    try:
        await client.current_user.get()
    except Sage200Error as error:
        report.add(errors.of_request(error, "company"))
        return
    seconds = time.perf_counter() - started
    report.add(ok("tunnel", f"the company answered in {seconds * 1000:.0f} ms"))
    report.add(ok("edition", client.settings.edition))
    try:
        await client.resource(_SAMPLE, key="id").select("id").top(1).first()
    except Forbidden as error:
        cure = errors.of_request(error, "role").cure
        report.add(warning("role", f"the user may not read {_SAMPLE}: {error}", cure))
        return
    except Sage200Error as error:
        report.add(errors.of_request(error, "role"))
        return
    report.add(ok("role", f"the user may read {_SAMPLE}"))
    await _version(report, client)


async def _version(report: Report, client: Sage200Client) -> None:
    try:
        diff = await client.schema_diff(_SAMPLE, sample=1)
    except DecodeError as error:
        cure = (
            "Nothing breaks; `Sage200Client.schema_diff` could not compare the fields."
        )
        report.add(warning("version", str(error), cure))
    except Sage200Error as error:
        report.add(errors.of_request(error, "version"))
    else:
        report.add(checks.check_schema(_SAMPLE, diff))


async def _other_edition(report: Report, client: Sage200Client) -> None:
    """Name the other edition, if it is there that Sage lists companies."""
    settings = client.settings
    other = next(edition for edition in BASES if edition != settings.edition)
    own, base = BASES[settings.edition], settings.base_url
    if own not in base:  # no address of Sage's: the token goes nowhere else
        return
    values: dict[str, Any] = asdict(settings) | {"edition": other}
    values["base_url"] = base.replace(own, BASES[other])
    try:
        async with Sage200Client(type(settings)(**values)) as other_client:
            sites: list[Site] = await other_client.sites()
    except Sage200Error:
        return
    if sites:
        message = f"this is Sage 200 {other.capitalize()}: there Sage lists companies"
        cure = f"Set SAGE200_EDITION={other}, or run `sage200 init --edition {other}`."
        report.add(failed("edition", message, cure))
