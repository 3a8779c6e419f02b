"""`sage200 doctor` finds planted faults, each by its check, and names the cure."""

import json
import os
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate

import msgspec
import pytest
from aiohttp import web

from sage200_async.auth.stores import Tokens
from sage200_async.cli.config import utc_time
from sage200_async.cli.doctor.checks import (
    check_clock,
    check_encryption,
    check_schema,
    check_tokens,
)
from sage200_async.cli.doctor.examine import Report
from sage200_async.cli.doctor.finding import CHECKS, complete, exit_status, failed, ok
from sage200_async.cli.doctor.report import lines
from sage200_async.query.schema_diff import Retyped, SchemaDiff
from sage200_async.sandbox import Behaviour, Fault

CA = """\
-----BEGIN CERTIFICATE-----
MIIBUzCB+aADAgECAgEBMAoGCCqGSM49BAMCMBAxDjAMBgNVBAMMBVRlc3RzMCAX
DTI1MDEwMTAwMDAwMFoYDzIxMjUwMTAxMDAwMDAwWjAQMQ4wDAYDVQQDDAVUZXN0
czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIJ8arYfZBuWB5SIAOWB6GryL+rc
2pQp5vemGTfJK6g2nkcbtES5dpRFEBCF29YHOe8WVsFFD4wKxEUXUAPHtxCjQjBA
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgGGMB0GA1UdDgQWBBSC7bW2
1HIffWk6X2+zOSGpqVjfrDAKBggqhkjOPQQDAgNJADBGAiEA9/vldfEKlvItanYi
M1aq2QfssWnA7dSx1t9YJHicCqgCIQCunPEw/Vn9gYwuI7fjdnEQ1SLtddV1Wbpt
gMLyBCadZg==
-----END CERTIFICATE-----
"""
SERVER = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOX7Lq+HDUXVUGCAi
tnWbvAXxlk0dopDcLvNbs7ynl+KhRANCAAQuJCNZsMXQnxVQv60Yf2Bv045Buwf0
puoGy+8EDSYLUEk3qlIMf7nr0rJZNm5r6uBeFRj2aaDAbgVf+8VFKj+N
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBpjCCAUygAwIBAgIBAjAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVUZXN0czAg
Fw0yNTAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJc2Fn
ZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELiQjWbDF0J8VUL+tGH9g
b9OOQbsH9KbqBsvvBA0mC1BJN6pSDH+569KyWTZua+rgXhUY9mmgwG4FX/vFRSo/
jaOBkDCBjTAMBgNVHRMBAf8EAjAAMCgGA1UdEQQhMB+CCXNhZ2UudGVzdIIMaWQu
c2FnZS50ZXN0hwR/AAABMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB8GA1UdIwQYMBaA
FILttbbUch99aTpfb7M5IampWN+sMB0GA1UdDgQWBBQjFtceZ46BVknyKmorJ99X
S4PIgjAKBggqhkjOPQQDAgNIADBFAiB1jYs3SBFdwqptMtn8E3ZxM9/k7bmUqRuj
ZjEbtOSvHQIhAP4lWyIZbJusH3HZ2bpvG59V9J3MYOfA34wcHoUfOain
-----END CERTIFICATE-----
"""
EXPIRED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgm+E3sriQ7Eh8ViyH
kqAdCm/IXlPvMHs1Z1WDlkCwO0uhRANCAAT2BOhhgKbUQ8/FBUGEYCaS7+OIquIj
gXj3Vbp8jjiBmbx77P8DtCTBTuvYXPmQBRPyjgbRl0a3fSTnToD2sW/j
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBUTCB+KADAgECAgEDMAoGCCqGSM49BAMCMBAxDjAMBgNVBAMMBVRlc3RzMB4X
DTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFVGVzdHMw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT2BOhhgKbUQ8/FBUGEYCaS7+OIquIj
gXj3Vbp8jjiBmbx77P8DtCTBTuvYXPmQBRPyjgbRl0a3fSTnToD2sW/jo0MwQTAP
BgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwHQYDVR0OBBYEFJsjoVAF
iwkjY0DZ4/fZVfzEvM2NMAoGCCqGSM49BAMCA0gAMEUCIEoawXNX2Ha8Wop7rii/
z+1DdHp2rmwov1AMw3HtHmf1AiEA/Fx5+S+5fUZGIBiOGewzYR0fFZIHRKBhatxu
XCzsRD4=
-----END CERTIFICATE-----
"""
# For 127.0.0.1; the last one of itself, and until 2021. They protect nothing.
OTHER_SITE = "11111111-2222-3333-4444-555555555555"


class Ward:
    """What a fault is planted in: a sandbox, a person's environment and folder."""

    def __init__(self, sandbox, env, folder):
        self.sandbox = sandbox
        self.env = dict(env)
        self.folder = folder

    def set(self, **variables):
        self.env |= {
            f"SAGE200_{name.upper()}": text for name, text in variables.items()
        }

    def store(self, **tokens):
        """Use a file of tokens in place of the access token of the environment."""
        path = self.folder / "tokens.json"
        path.write_bytes(msgspec.json.encode(Tokens(**tokens)))
        path.chmod(0o600)
        self.set(access_token="", token_store=path.as_uri())
        return path

    def profile(self, text):
        path = self.folder / "sage200" / "profiles.toml"
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o600)
        self.env = dict.fromkeys(self.env, "")

    def answer(self, path, response):
        """Let the sandbox answer requests for *path* so."""

        async def hook(request):
            return response() if request.path.endswith(path) else None

        self.sandbox.request_hook = hook

    @contextmanager
    def serve(self, talk, certificate=""):
        """Serve bytes on a port of this machine, with TLS if there is a certificate."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            context = None
            if certificate:
                (self.folder / "server.pem").write_text(certificate)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.folder / "server.pem")
            thread = threading.Thread(target=_accept, args=(server, context, talk))
            thread.start()
            yield server.getsockname()[1]
            _close(server)
            thread.join()


def _accept(server, context, talk):
    while True:
        try:
            connection = server.accept()[0]
        except OSError:
            return
        with connection:
            try:
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                if not connection.recv(65_536):
                    continue
                connection.sendall(talk)
            except OSError:
                continue


def _close(server):
    """End a blocked accept, on every system."""
    port = server.getsockname()[1]
    server.close()
    with socket.socket() as last:
        last.connect_ex(("127.0.0.1", port))


@pytest.fixture
def ward(serving, tmp_path, monkeypatch):
    """Yield a company that is well, with an access token in the environment."""
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    with serving(records={"customers": 2}) as (sandbox, env):
        yield Ward(sandbox, env, tmp_path)


@pytest.fixture
def examine(sage200, ward):
    """Return a function that runs `doctor --json`; it returns what is not well."""

    def examine(code, *options):
        done = sage200("doctor", "--json", *options, env=ward.env, code=code)
        report = json.loads(done.stdout)
        assert report["exit_status"] == code
        assert report["ok"] is (code == 0)
        bad = [
            row for row in report["checks"] if row["status"] in {"failed", "warning"}
        ]
        assert all(row["cure"] for row in bad)
        return {row["check"]: f"{row['message']} | {row['cure']}" for row in bad}

    return examine


def test_all_is_well(sage200, ward, examine):
    """Without a fault each check is well, but for an end of the sign-in not known."""
    assert list(examine(0)) == ["token"]
    now = time.time()
    token = ward.env["SAGE200_ACCESS_TOKEN"]
    end = now + 30 * 86_400
    times = {"expires_at": now + 9_000, "refresh_token_expires_at": end}
    ward.store(access_token=token, refresh_token="hush-refresh", **times)
    done = sage200("doctor", env=ward.env).stdout
    assert [line.split()[:2] for line in done.splitlines()] == [
        ["✓", c] for c in CHECKS
    ]
    report = json.loads(sage200("doctor", "--json", env=ward.env).stdout)
    assert 29 < report["sign_in_days_left"] < 30
    ward.sandbox.requests.clear()
    sage200("doctor", env=ward.env)
    assert {request.method for request in ward.sandbox.requests} == {"GET"}
    assert ward.sandbox.token_requests[1:] == []


# Each plants a fault, and names the check that finds it, the exit status, what the
# message says and what the cure names.


def wrong_client_id(ward):
    ward.store(refresh_token=ward.sandbox.settings.refresh_token)
    ward.set(client_id="another")
    return "token", 4, "access_denied.*SAGE200_CLIENT_ID and SAGE200_CLIENT_SECRET"


def wrong_client_secret(ward):
    ward.store(refresh_token=ward.sandbox.settings.refresh_token)
    ward.set(client_secret="another")
    return "token", 4, "access_denied.*SAGE200_CLIENT_ID and SAGE200_CLIENT_SECRET"


def dead_refresh_token(ward):
    ward.store(refresh_token=ward.sandbox.settings.refresh_token)
    ward.sandbox.revoke()
    return "token", 4, "invalid_grant.*sage200 login.*sage200 sandbox --print env"


def dead_access_token(ward):
    ward.set(access_token="hush-dead")
    return "token", 4, "401.*Run `sage200 login`"


def not_signed_in(ward):
    ward.set(access_token="")
    return "token", 4, "Not signed in.*Run `sage200 login`"


def sign_in_ends_soon(ward):
    end = time.time() + 2 * 86_400
    token = ward.env["SAGE200_ACCESS_TOKEN"]
    ward.store(access_token=token, refresh_token_expires_at=end)
    return "token", 4, r"ends in 2\.0 days.*`sage200 login` before then"


def refresh_token_stored_nowhere(ward):
    refresh_token = ward.sandbox.settings.refresh_token
    ward.set(access_token="", refresh_token=refresh_token)
    return "token", 1, "stored nowhere.*Set SAGE200_TOKEN_STORE"


def tokens_of_another_client(ward):
    ward.store(access_token="hush-theirs", client_id="theirs")
    return "token", 1, "another client_id.*another SAGE200_TOKEN_STORE"


def file_store_not_readable(ward):
    ward.store().write_text("hush-hush")
    return "token", 1, "expected tokens as JSON.*chmod 600"


def folder_in_place_of_the_store(ward):
    path = ward.store()
    path.unlink()
    path.mkdir()
    return "token", 1, "cannot be read.*chmod 600"


def clock_an_hour_ahead(ward):
    date = formatdate(time.time() - 3_600, usegmt=True)
    ward.sandbox.faults = [Fault(headers={"Date": date})]
    return "clock", 1, "3[56][0-9][0-9] s ahead of the server.*timedatectl"


def no_address(ward):
    ward.set(base_url="https://no-such-host.invalid/v1/")
    return "dns", 1, "no-such-host.invalid has no address.*nslookup"


def proxy_refuses_connections(ward):
    ward.set(proxy="http://127.0.0.1:9")
    return "proxy", 1, "127.0.0.1:9 takes no connections: .*SAGE200_PROXY"


def wrong_site(ward):
    ward.set(site=OTHER_SITE)
    return "company", 2, f"{OTHER_SITE} is none of yours.*SAGE200_SITE"


def wrong_company(ward):
    ward.set(company="99")
    return "company", 2, r"no company 99; Sage lists 7 \(.*`sage200 init`"


def company_of_another_site(ward):
    rows = [
        {"site_id": ward.env["SAGE200_SITE"], "company_id": 7, "company_name": "A"},
        {"site_id": OTHER_SITE, "company_id": 12, "company_name": "B"},
    ]
    ward.answer("/sites", lambda: web.json_response(rows))
    ward.set(company="12")
    return "company", 2, f"Company 12 is of the site {OTHER_SITE}.*SAGE200_SITE"


def no_site(ward):
    ward.set(site="")
    return "company", 2, "No site is set; Sage lists 7.*Run `sage200 init`"


def role_refuses(ward):
    ward.sandbox.behaviour = Behaviour(forbidden=frozenset({"current_user"}))
    return "role", 1, "403.*forbidden for this account.*Users and Roles"


def role_without_a_module(ward):
    ward.sandbox.behaviour = Behaviour(forbidden=frozenset({"sales"}))
    return "role", 0, "may not read customers.*403.*Users and Roles"


def user_without_the_company(ward):
    ward.answer("/current_user", lambda: web.Response(status=401))
    return "role", 4, "401.*let this user use the company"


def tunnel_answers_504(ward):
    ward.answer("/current_user", lambda: web.Response(status=504))
    return "tunnel", 1, "504.*connector"


def tunnel_lists_nothing(ward):
    ward.sandbox.behaviour = Behaviour(empty_sites=True)
    return "tunnel", 1, "empty list.*connector"


def wrong_edition(ward):
    ward.sandbox.behaviour = Behaviour(edition="standard")
    return "edition", 1, "this is Sage 200 Standard.*Set SAGE200_EDITION=standard"


def another_server(ward):
    ward.set(base_url=f"{ward.sandbox.url}/elsewhere/")
    return "edition", 1, "404.*SAGE200_BASE_URL"


def portal_in_between(ward):
    page = "<h1>Please accept our terms</h1>"
    ward.answer("/sites", lambda: web.Response(text=page, content_type="text/html"))
    return "sites", 1, "Something else answers in the place of Sage"


def server_fails(ward):
    ward.answer("/sites", lambda: web.Response(status=500))
    return "sites", 1, "500.*Try again later"


def subscription_key_missing(ward):
    message = "Access denied due to missing subscription key."
    body = {"statusCode": 401, "message": message}
    ward.answer("/sites", lambda: web.json_response(body, status=401))
    return "sites", 4, "Set SAGE200_SUBSCRIPTION_KEY"


def newer_service(ward):
    async def hook(request):
        if "$metadata" in request.query:
            return web.json_response([{"name": "brand_new", "type": "string"}])
        return None

    ward.sandbox.request_hook = hook
    return "version", 0, "unknown here: brand_new; not there: .* more.*pip install -U"


def service_without_metadata(ward):
    async def hook(request):
        return web.json_response([{"id": 1}]) if "$metadata" in request.query else None

    ward.sandbox.request_hook = hook
    return "version", 0, "expected names and types of fields"


def misspelt_variable(ward):
    ward.set(compnay="7")
    return (
        "settings",
        2,
        "SAGE200_COMPNAY is not a setting. Did you mean SAGE200_COMPANY",
    )


def mixed_sources(ward):
    ward.set(profile="main")
    return "settings", 2, "'main' is named.*SAGE200_SITE.*unset them.*Name one source"


def nothing_set(ward):
    ward.env = dict.fromkeys(ward.env, "")
    return "settings", 2, "No settings.*Run `sage200 init`"


def site_without_a_client(ward):
    ward.env = dict.fromkeys(ward.env, "") | {"SAGE200_SITE": "s"}
    return "settings", 2, "No client_id is set in SAGE200_SITE.*Run `sage200 init`"


def unreadable_profile(ward):
    ward.profile("client_secret = hush-hush")
    return "settings", 2, "profiles.toml: the profiles cannot be read: it is no TOML"


def misspelt_name_in_the_profile(ward):
    ward.profile("[profiles.main]\nsiet = 's'")
    return "settings", 2, "siet is not a setting .*Did you mean site.*sage200 init"


def secret_lost_from_the_keyring(ward):
    ward.profile("[profiles.main]\nclient_id = 'c'\nsecret_in_keyring = true")
    return "settings", 2, "keyring, which cannot be used.*sage200 init --profile main"


def unknown_token_store(ward):
    ward.set(token_store="sqlite:///x")
    return "settings", 2, "token_store: expected memory://"


def certificates_that_are_none(ward):
    ward.set(ca_file=str(ward.folder / "missing.pem"))
    return "settings", 2, "ca_file: expected certificates.*No such file"


FAULTS = [
    wrong_client_id, wrong_client_secret, dead_refresh_token, dead_access_token,
    not_signed_in, sign_in_ends_soon, refresh_token_stored_nowhere,
    tokens_of_another_client, file_store_not_readable, folder_in_place_of_the_store,
    clock_an_hour_ahead, no_address, proxy_refuses_connections, wrong_site,
    wrong_company, company_of_another_site, no_site, role_refuses,
    role_without_a_module, user_without_the_company, tunnel_answers_504,
    tunnel_lists_nothing, wrong_edition, another_server, portal_in_between,
    server_fails, subscription_key_missing, newer_service, service_without_metadata,
    misspelt_variable, mixed_sources, nothing_set, site_without_a_client,
    unreadable_profile, misspelt_name_in_the_profile, secret_lost_from_the_keyring,
    unknown_token_store, certificates_that_are_none,
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault(fault, ward, examine):
    """Each planted fault is found by its check, which names the cure."""
    check, code, text = fault(ward)
    bad = examine(code)
    assert re.search(text, bad[check], re.DOTALL | re.IGNORECASE), bad


def test_a_proxy_that_wants_a_password(ward, examine):
    """A proxy that refuses is found before anything is blamed on Sage."""
    refusal = b"HTTP/1.1 407 Password needed\r\nContent-Length: 0\r\n\r\n"
    with ward.serve(refusal) as port:
        ward.set(proxy=f"http://user:hush-password@127.0.0.1:{port}")
        ward.set(base_url="https://127.0.0.1:9/v1/")
        bad = examine(1)
        assert "password in SAGE200_PROXY" in bad["proxy"]
        ward.set(base_url="http://127.0.0.1:9/v1/")
        assert "password in SAGE200_PROXY" in examine(1)["proxy"]
        assert "hush" not in str(bad)


@pytest.mark.parametrize(
    ("certificate", "host", "cure"),
    [
        (
            (SERVER, ""),
            "127.0.0.1",
            "Behind a proxy that opens TLS, set SAGE200_CA_FILE",
        ),
        (
            (EXPIRED, EXPIRED),
            "127.0.0.1",
            "The certificate has expired: set this machine",
        ),
        ((SERVER, CA), "localhost", "The certificate is another host's"),
    ],
    ids=["unknown CA", "expired", "of another host"],
)
def test_certificates(ward, examine, certificate, host, cure):
    """A certificate that is refused is found, and why."""
    certificate, trusted = certificate
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    if trusted:
        (ward.folder / "ca.pem").write_text(trusted)
        ward.set(ca_file=str(ward.folder / "ca.pem"))
    with ward.serve(answer, certificate) as port:
        ward.set(
            base_url=f"https://{host}:{port}/v1/", token_url="https://127.0.0.1:9/"
        )
        assert cure in examine(1)["tls"]


def test_tls_where_there_is_none(ward, examine):
    """A server that does not speak TLS on its port is named."""
    with ward.serve(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        ward.set(base_url=f"https://127.0.0.1:{port}/v1/")
        bad = examine(1)
    assert "port speaks TLS" in bad.get("tls", "") + bad.get("connection", "")


def test_nothing_listens(ward, examine):
    """A server that takes no connections is found, and a sandbox is thought of."""
    ward.set(base_url="http://127.0.0.1:9/v1/")
    assert "`sage200 sandbox --port 8200`" in examine(1)["connection"]


def test_the_token_endpoint_is_down(ward, examine):
    """A token endpoint that fails is not a reason to sign in again."""
    ward.store(refresh_token="hush-refresh")
    with ward.serve(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as port:
        ward.set(token_url=f"http://127.0.0.1:{port}/")
        bad = examine(1)
    assert "status 503" in bad["token"]
    assert "Try again later" in bad["token"]


def test_days_are_those_of_the_option(ward, examine):
    """The exit status is 4 only if the sign-in ends within --days."""
    token = ward.env["SAGE200_ACCESS_TOKEN"]
    end = time.time() + 20 * 86_400
    ward.store(access_token=token, refresh_token_expires_at=end)
    assert examine(0) == {}
    assert list(examine(4, "--days", "21")) == ["token"]


def test_what_was_not_reached_is_skipped(sage200, ward):
    """After the first failure, what rests on it is not blamed."""
    ward.set(base_url="http://127.0.0.1:9/v1/")
    shown = sage200("doctor", env=ward.env, code=1).stdout
    assert "- company     not checked: connection comes first" in shown


def test_a_console_without_marks():
    """Where the console has no ✓, the report is in ASCII."""
    report = Report(findings=[ok("dns", "a"), failed("tls", "b\x1b[2J\nc", "do it")])
    assert list(lines(report, "cp1252")) == [
        "ok dns         a",
        "XX tls         b�[2J c",
        "               -> do it",
    ]
    assert next(lines(report, "utf-8")) == "✓ dns         a"
    assert next(lines(report, "no such encoding")) == "ok dns         a"


@pytest.mark.parametrize(
    ("statuses", "code"), [([], 0), ([1], 1), ([1, 4], 4), ([4, 1, 2], 2)]
)
def test_the_exit_status(statuses, code):
    """Wrong settings come first, then a sign-in, then the rest."""
    findings = [failed("dns", "", "", status) for status in statuses]
    assert exit_status(findings) == code
    assert complete(findings)[0].check == "settings"


def test_a_clock_without_a_server():
    """A server that sends no Date says nothing of the clock."""
    assert check_clock(5.0, None).status == "skipped"
    assert check_clock(1_000.0, 5_000.0).message == "4000 s behind the server's"
    assert check_clock(1_000.0, 1_200.0).status == "ok"


def test_encryption():
    """Plain HTTP is fine on this machine, and a warning to another."""
    assert (
        check_encryption(["http://127.0.0.1/", "https://id.sage.com/"]).status == "ok"
    )
    assert (
        check_encryption(["https://id.sage.com/"]).message == "certificates are valid"
    )
    plain = check_encryption(["https://id.sage.com/", "http://lan:8080/v1/"])
    assert (plain.status, plain.message) == ("warning", "none to lan")


def test_tokens_without_an_end():
    """An end that is not known is a warning, and no reason to fail."""
    assert check_tokens(Tokens("t"), 0.0, 7.0).status == "warning"


def test_fields_of_another_type():
    """Each kind of difference is named."""
    diff = SchemaDiff(("a",), ("b",), (Retyped("c", "text", "number"),))
    message = check_schema("customers", diff).message
    assert message == "customers: unknown here: a; not there: b; of another type: c"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")
@pytest.mark.skipif(not getattr(os, "geteuid", lambda: 1)(), reason="root reads all")
def test_a_file_of_tokens_of_another_user(ward, examine):
    """A file that may not be read is found, with the mode that it needs."""
    ward.store(access_token="t").chmod(0)
    assert "chmod 600" in examine(1)["token"]


def test_a_token_that_cannot_be_refreshed():
    """Without a refresh token the sign-in ends with the access token: exit status 4."""
    finding = check_tokens(Tokens("t", expires_at=3_600.0), 0.0, 7.0)
    assert (finding.status, finding.exit_status) == ("failed", 4)
    assert "1970-01-01 01:00 UTC" in finding.message


@pytest.mark.parametrize("seconds", [1e15, 1e18, -1e18, float("inf")])
def test_a_time_that_no_calendar_has(seconds):
    """A stored time of a year after 9999 is unknown, and no failure of the command."""
    assert utc_time(seconds) is None
    tokens = Tokens("t", "r", refresh_token_expires_at=seconds)
    assert "unknown" in check_tokens(tokens, 0.0, 7.0).message
