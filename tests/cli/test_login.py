"""Signing in and out on the command line, with this test as the browser."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from types import SimpleNamespace

import pytest

from sage200_async.cli.loopback import Loopback
from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour, Sandbox

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
NAMES = ("base_url", "token_url", "authorization_url", "client_id")
INHERITED = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "SYSTEMROOT", "VIRTUAL_ENV")


class Machine:
    """A person's machine: its own home folder and environment."""

    def __init__(self, home, sandbox):
        self.home = home
        self.sandbox = sandbox
        settings = sandbox.settings
        self.env = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.env |= {
            f"SAGE200_{name.upper()}": getattr(settings, name) for name in NAMES
        }
        # Where profiles and tokens are on Linux, on a Mac and on Windows.
        homes = ("XDG_CONFIG_HOME", "HOME", "LOCALAPPDATA")
        self.env |= dict.fromkeys(homes, str(home)) | {"PYTHONUTF8": "1"}

    def start(self, *arguments, **env):
        return subprocess.Popen(
            [*SAGE200, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.env | env,
        )

    def run(self, *arguments, code=0, paste=None, **env):
        with self.start(*arguments, **env) as process:
            out, err = process.communicate(paste, timeout=60)
        assert process.returncode == code, out + err
        return SimpleNamespace(out=out, err=err)

    def login(self, *arguments, code=0, browser=None, **env):
        """Sign in, passing the address to *browser*; return the output and the page."""
        with self.start("login", "--no-browser", *arguments, **env) as process:
            url = process.stdout.readline().strip()
            try:
                page = (browser or get)(url)
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()  # it still waits if the browser failed
        assert process.returncode == code, out + err
        return SimpleNamespace(out=out, err=err, page=page, url=url)

    def files(self):
        return [path for path in self.home.rglob("*") if path.is_file()]

    def tokens(self):
        return [path for path in self.files() if path.name == "tokens.json"]


def get(url, **form):
    """Follow redirects as a browser does; return status, headers and text."""
    data = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, data, timeout=20) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.status, error.headers, error.read().decode()


@pytest.fixture
def start_sandbox():
    """Return a function that starts a sandbox in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    with contextlib.ExitStack() as stack:

        def start(**behaviour):
            sandbox = Sandbox(
                records={"customers": 3}, behaviour=Behaviour(**behaviour)
            )
            wait(sandbox.__aenter__())
            stack.callback(lambda: wait(sandbox.__aexit__(None, None, None)))
            return sandbox

        yield start
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def machine(start_sandbox, tmp_path):
    """Return a machine, with a sandbox that grants consent at once."""
    return Machine(tmp_path, start_sandbox())


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


@pytest.mark.parametrize("secret", ["", "sandbox-secret"])
def test_other_commands_work_after_login(machine, secret):
    """After `login`, the other commands need no token in the environment."""
    done = machine.login(SAGE200_CLIENT_SECRET=secret)
    (file,) = machine.tokens()
    assert re.fullmatch(
        "signed in\n"
        rf"tokens         {re.escape(str(file))}\n"
        r"access token   expires \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n"
        r"sign in again  by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n",
        done.out,
    )
    who = machine.run("whoami", SAGE200_CLIENT_SECRET=secret)
    assert "Sandbox Trading Ltd" in who.out
    assert machine.sandbox.settings.site in who.out
    assert "set SAGE200_SITE and SAGE200_COMPANY" in who.err
    company = {"SAGE200_SITE": machine.sandbox.settings.site, "SAGE200_COMPANY": "7"}
    company["SAGE200_CLIENT_SECRET"] = secret
    machine.sandbox.expire_tokens()
    rows = machine.run("query", "customers", "--format", "ndjson", **company)
    assert len(rows.out.splitlines()) == 3
    assert rows.err == ""
    identity = json.loads(machine.run("whoami", "--json", **company).out)
    assert identity["user"]["logon_name"]
    assert [site["company_id"] for site in identity["sites"]] == [7, 8]
    assert identity["access_token_expires_at"].endswith("Z")
    assert identity["access_token_expires_at"] < identity["refresh_token_expires_at"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")
def test_only_the_owner_can_read_the_tokens(machine):
    """The token file that `login` creates is private."""
    machine.login()
    (file,) = machine.tokens()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_token_store_of_the_environment(machine, tmp_path):
    """SAGE200_TOKEN_STORE replaces the default, and its password is not printed."""
    path = tmp_path / "own dir" / "mine.json"
    done = machine.login(SAGE200_TOKEN_STORE=path.as_uri())
    assert str(path) in done.out
    assert path.is_file()
    assert machine.tokens() == []
    redis = {"SAGE200_TOKEN_STORE": "redis://u:hush@127.0.0.1:1/0"}
    failed = machine.login(code=1, **redis)
    assert "hush" not in failed.out + failed.err + failed.page[2]
    assert "Not signed in" in failed.page[2]


def test_the_page_at_the_end(machine):
    """The final page says so, contains no secret, and is not cached."""
    done = machine.login()
    status, headers, text = done.page
    assert status == 200
    assert "<h1>Signed in</h1>" in text
    assert '<html lang="en">' in text
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert not re.search(r"(src|href)=", text)
    (file,) = machine.tokens()
    tokens = json.loads(file.read_text("utf-8"))
    secrets = [
        query_of(done.url)["state"],
        tokens["access_token"],
        tokens["refresh_token"],
    ]
    assert all(secrets)
    assert not [secret for secret in secrets if secret in text + done.out + done.err]


def test_another_state(start_sandbox, tmp_path):
    """A forged state is ignored: a page, no tokens, and the login waits on."""
    machine = Machine(tmp_path, start_sandbox(forge_state=True))
    done = machine.login("--timeout", "2", code=1)
    assert done.page[0] == 400
    assert "<h1>Not of this sign-in</h1>" in done.page[2]
    assert done.err.rstrip().endswith("(1 redirects with another state were ignored)")
    assert machine.tokens() == []
    assert machine.sandbox.token_requests == []


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?error=access_denied", "?state=&code=x", "?code=x&state=other"],
)
def test_an_image_of_any_page_does_not_end_a_login(machine, query):
    """A request that any page can make is ignored, and the login succeeds after it."""

    def browser(url):
        image = get(query_of(url)["redirect_uri"] + query)
        state = query_of(url)["state"]
        twice = get(f"{query_of(url)['redirect_uri']}?state={state}&state=x&code=x")
        return [image[0], twice[0], get(url)[0]]

    done = machine.login(browser=browser)
    assert done.page == [400, 400, 200]
    assert len(machine.tokens()) == 1


def test_refused_consent(start_sandbox, tmp_path):
    """Refused consent ends the login: a page, one line, exit status 1, no tokens."""
    machine = Machine(tmp_path, start_sandbox(consent="ask"))
    done = machine.login(code=1, browser=lambda url: get(url, decision="refuse"))
    assert "access_denied" in done.err
    assert "<h1>Not signed in</h1>" in done.page[2]
    assert machine.tokens() == []


def test_text_from_the_redirect_is_escaped(machine):
    """Text from the redirect is escaped in the page."""

    def browser(url):
        params = query_of(url)
        answer = {"error": "<script>alert(1)</script>", "state": params["state"]}
        return get(f"{params['redirect_uri']}?{urllib.parse.urlencode(answer)}")

    done = machine.login(code=1, browser=browser)
    assert "&lt;script&gt;" in done.page[2]
    assert "<script>" not in done.page[2]


def test_a_refused_code(machine):
    """A code that the token endpoint refuses is reported on the page and the terminal."""

    def browser(url):
        params = query_of(url)
        answer = {"code": "made-up", "state": params["state"]}
        return get(f"{params['redirect_uri']}?{urllib.parse.urlencode(answer)}")

    done = machine.login(
        code=4, browser=browser, SAGE200_CLIENT_SECRET="sandbox-secret"
    )
    assert "refused the code (invalid_grant" in done.err
    assert "refused the code (invalid_grant" in done.page[2]
    assert machine.tokens() == []


def test_the_browser_does_not_come_back(machine):
    """If the browser does not come back, the login ends after --timeout."""
    started = time.monotonic()
    done = machine.run("login", "--no-browser", "--timeout", "0.5", code=1)
    assert time.monotonic() - started < 20
    assert done.err.splitlines()[-1] == (
        "error: the browser did not come back within 0.5 s; run `sage200 login` again, "
        "with a longer --timeout if necessary. If Sage refused the redirect URI, pass one "
        "that is registered for your client: --redirect-uri URI, with --paste if it is https"
    )
    assert machine.files() == []


@pytest.mark.skipif(os.name != "posix", reason="Windows sends no such signal")
@pytest.mark.parametrize("option", ["--no-browser", "--paste"])
@pytest.mark.usefixtures("restore_sigint")
def test_an_interrupt(machine, option):
    """Ctrl-C ends the login at once, with code 130 and no traceback."""
    with machine.start("login", option) as process:
        process.stdout.readline()
        if option == "--paste":
            process.stderr.readline()
            process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert machine.files() == []


def test_other_paths_change_nothing(machine):
    """Requests for an icon or another path, other methods and silent connections are harmless."""

    def browser(url):
        redirect_uri = query_of(url)["redirect_uri"]
        port = urllib.parse.urlsplit(redirect_uri).port
        silent = socket.create_connection(("127.0.0.1", port))
        icon = get(f"http://127.0.0.1:{port}/favicon.ico")
        deeper = get(f"{redirect_uri}/deeper?code=1&state=2")
        posted = get(redirect_uri, code="1")
        with socket.create_connection(("127.0.0.1", port)) as garbage:
            garbage.sendall(b"\r\n\r\n")
            assert b"404" in garbage.recv(1000)
        with socket.create_connection(("127.0.0.1", port)) as endless:
            with contextlib.suppress(ConnectionError):
                endless.sendall(b"x" * 200_000)
            with contextlib.suppress(ConnectionError):
                assert endless.recv(1) == b""
        page = get(url)
        silent.close()
        return [icon[0], deeper[0], posted[0], page[0]]

    assert machine.login(browser=browser).page == [404, 404, 405, 200]


def test_only_this_machine_can_connect(machine):
    """The port is open only on the loopback address."""

    def browser(url):
        port = urllib.parse.urlsplit(query_of(url)["redirect_uri"]).port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing; finds our address
            other = probe.getsockname()[0]
        if not other.startswith("127."):
            with pytest.raises((ConnectionError, TimeoutError)):
                socket.create_connection((other, port), timeout=2)
        with pytest.raises((ConnectionError, TimeoutError)):
            socket.create_connection(("127.0.0.2", port), timeout=2)
        return get(url)

    machine.login(browser=browser)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_registered_redirect_uri(machine, host):
    """--redirect-uri is sent unchanged, and login listens there."""
    uri = f"http://{host}:{free_port()}/back?from=sage"
    done = machine.login("--redirect-uri", uri)
    assert query_of(done.url)["redirect_uri"] == uri


def test_a_chosen_port(machine):
    """--port is the port of the redirect; a port in use is an error of one line."""
    port = free_port()
    done = machine.login("--port", str(port))
    assert query_of(done.url)["redirect_uri"] == f"http://127.0.0.1:{port}/callback"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        failed = machine.run("login", "--port", str(busy), code=2)
    assert failed.err.startswith(f"error: cannot listen on port {busy} (")
    assert len(failed.err.splitlines()) == 1


def test_redirects_to_another_machine(machine):
    """An https redirect URI needs --paste; plain http is for this machine only."""
    secure = machine.run("login", "--redirect-uri", "https://app.example/cb", code=2)
    assert "--paste" in secure.err
    plain = machine.run("login", "--redirect-uri", "http://app.example/cb", code=2)
    assert "expected https" in plain.err


@pytest.mark.parametrize("options", [[], ["--redirect-uri", "https://app.example/cb"]])
def test_pasting(machine, options):
    """--paste reads the address from standard input, for any redirect URI."""
    with machine.start("login", "--paste", *options) as process:
        url = process.stdout.readline().strip()

        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        opener = urllib.request.build_opener(Stop)
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(url, timeout=20)
        address = caught.value.headers["Location"]
        caught.value.close()
        out, err = process.communicate(address + "\n", timeout=60)
    assert process.returncode == 0, err
    assert "signed in" in out
    assert machine.tokens()


def test_pasting_nothing(machine):
    """An empty input, or another text, fails with one line."""
    for text in ("", "what?\n"):
        done = machine.run("login", "--paste", paste=text, code=1)
        assert "error: Expected the state" in done.err.splitlines()[-1]
    assert machine.files() == []


def test_a_client_id_is_needed(machine):
    """Without SAGE200_CLIENT_ID, login prints no address."""
    for option in ("--no-browser", "--paste"):
        done = machine.run("login", option, code=2, SAGE200_CLIENT_ID="")
        assert done.out == ""
        assert done.err.startswith(
            "error: No client_id is set. Run `sage200 init`, or set"
        )


def test_tokens_in_the_environment_take_precedence(machine):
    """A token in the environment is used first; `login` says so."""
    machine.login()
    (file,) = machine.tokens()
    before = file.read_bytes()
    env = {"SAGE200_ACCESS_TOKEN": "stale"}
    done = machine.login(**env)
    assert "SAGE200_ACCESS_TOKEN is set and takes precedence" in done.err
    after = file.read_bytes()
    assert after != before
    assert "401" in machine.run("whoami", code=4, **env).err
    assert file.read_bytes() == after


def test_a_refresh_token_that_is_not_stored(machine):
    """A refresh token from the environment is not stored; a note says so."""
    settings = machine.sandbox.settings
    env = {
        "SAGE200_REFRESH_TOKEN": settings.refresh_token,
        "SAGE200_CLIENT_SECRET": settings.client_secret,
        "SAGE200_SITE": settings.site,
        "SAGE200_COMPANY": "7",
    }
    done = machine.run("query", "customers", "--format", "csv", **env)
    assert "note: Sage may replace SAGE200_REFRESH_TOKEN" in done.err
    assert machine.files() == []


def test_no_refresh_token(start_sandbox, tmp_path):
    """Without a refresh token, `login` prints a note."""
    machine = Machine(tmp_path, start_sandbox())
    done = machine.login(browser=lambda url: get(url.replace("%20offline_access", "")))
    assert "note: Sage sent no refresh token" in done.err


def test_logout(machine):
    """`logout` deletes the tokens; without any, it says so, and other commands fail."""
    machine.login()
    (file,) = machine.tokens()
    assert machine.run("logout").out == f"tokens deleted from {file}\n"
    assert machine.tokens() == []
    assert machine.run("logout").out == f"no tokens in {file}\n"
    done = machine.run("whoami", code=4)
    assert done.err.startswith("error: Not signed in. Run `sage200 login`")
    assert len(done.err.splitlines()) == 1
    assert machine.run("logout").out == f"no tokens in {file}\n"


def test_whoami_without_companies(start_sandbox, tmp_path):
    """Without companies, whoami shows the tokens, and a note names a possible cause."""
    machine = Machine(tmp_path, start_sandbox(empty_sites=True))
    machine.login()
    done = machine.run("whoami")
    assert "note: Sage listed no companies" in done.err
    assert "user          unknown" in done.out
    assert json.loads(machine.run("whoami", "--json").out)["sites"] == []


def test_a_second_redirect_is_rejected():
    """The listener accepts one redirect; the next gets 410, and changes nothing."""

    async def main():
        async with Loopback("http://127.0.0.1:0/callback") as loopback:
            uri = f"{loopback.redirect_uri}?state=s&n="
            first, second = f"{uri}1", f"{uri}2"
            redirect = asyncio.create_task(loopback.redirect("s"))
            await asyncio.sleep(0)
            request = asyncio.create_task(asyncio.to_thread(get, first))
            assert await redirect == first
            status, _, text = await asyncio.to_thread(get, second)
            assert (status, "already" in text) == (410, True)
            await loopback.show("<p>first")
            assert (await request)[2] == "<p>first"
            assert await loopback.redirect("s") == first

    asyncio.run(main())


def test_a_browser_that_disconnects():
    """A browser that disconnects before its page does not delay the login."""

    async def main():
        async with Loopback("http://127.0.0.1:0/") as loopback:
            port = urllib.parse.urlsplit(loopback.redirect_uri).port
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            redirect = asyncio.create_task(loopback.redirect("s"))
            await asyncio.sleep(0)
            writer.write(b"GET /?code=1&state=s HTTP/1.1\r\n\r\n")
            await redirect
            writer.transport.abort()
            await loopback.show("<p>" + "x" * 10_000_000)

    asyncio.run(asyncio.wait_for(main(), 8))


def test_nothing_is_left_open():
    """On exit, the port is free and silent connections are closed."""

    async def main():
        async with Loopback("http://127.0.0.1:0/") as loopback:
            port = urllib.parse.urlsplit(loopback.redirect_uri).port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()
        async with Loopback(f"http://127.0.0.1:{port}/"):
            with pytest.raises(SettingsError, match=f"port {port} "):
                await Loopback(f"http://127.0.0.1:{port}/").__aenter__()

    asyncio.run(asyncio.wait_for(main(), 5))
