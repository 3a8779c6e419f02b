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
KEPT = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "SYSTEMROOT", "VIRTUAL_ENV")


class Desk:
    """A person's machine: a home of its own, and what the environment says."""

    def __init__(self, home, sandbox):
        self.home = home
        self.sandbox = sandbox
        told = sandbox.settings
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env |= {f"SAGE200_{name.upper()}": getattr(told, name) for name in NAMES}
        # Where platformdirs looks on Linux, on a Mac and on Windows.
        homes = ("XDG_CONFIG_HOME", "HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA")
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
        """Sign in; *browser* is given the address. Give what was printed and seen."""
        with self.start("login", "--no-browser", *arguments, **env) as process:
            url = process.stdout.readline().strip()
            try:
                seen = (browser or get)(url)
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()  # where the browser failed, it would wait for it
        assert process.returncode == code, out + err
        return SimpleNamespace(out=out, err=err, seen=seen, url=url)

    def files(self):
        return [path for path in self.home.rglob("*") if path.is_file()]

    def tokens(self):
        return [path for path in self.files() if path.name == "tokens.json"]


def get(url, **form):
    """Ask as a browser does, through redirects; give status, headers and text."""
    data = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, data, timeout=20) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.status, error.headers, error.read().decode()


@pytest.fixture
def play():
    """Start a sandbox beside the test, which waits for processes."""
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
def desk(play, tmp_path):
    """Give a person's machine, before a sandbox that grants consent at once."""
    return Desk(tmp_path, play())


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


@pytest.mark.parametrize("secret", ["", "sandbox-secret"])
def test_login_and_then_everything_works(desk, secret):
    """After `login` the other commands need no token in the environment."""
    done = desk.login(SAGE200_CLIENT_SECRET=secret)
    (kept,) = desk.tokens()
    assert re.fullmatch(
        "signed in\n"
        rf"tokens         {re.escape(str(kept))}\n"
        r"access token   ends \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n"
        r"sign in again  by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n",
        done.out,
    )
    who = desk.run("whoami", SAGE200_CLIENT_SECRET=secret)
    assert "Sandbox Trading Ltd" in who.out
    assert desk.sandbox.settings.site in who.out
    assert "set SAGE200_SITE and SAGE200_COMPANY" in who.err
    here = {"SAGE200_SITE": desk.sandbox.settings.site, "SAGE200_COMPANY": "7"}
    here["SAGE200_CLIENT_SECRET"] = secret
    desk.sandbox.expire_tokens()
    rows = desk.run("query", "customers", "--format", "ndjson", **here)
    assert len(rows.out.splitlines()) == 3
    assert rows.err == ""
    told = json.loads(desk.run("whoami", "--json", **here).out)
    assert told["user"]["logon_name"]
    assert [site["company_id"] for site in told["sites"]] == [7, 8]
    assert told["access_token_ends"].endswith("Z")
    assert told["access_token_ends"] < told["sign_in_ends"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")
def test_only_the_owner_can_read_the_tokens(desk):
    """The file that `login` makes, in a folder that it makes, is private."""
    desk.login()
    (kept,) = desk.tokens()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_store_that_the_environment_names(desk, tmp_path):
    """SAGE200_TOKEN_STORE goes before the default, and its password is not shown."""
    own = tmp_path / "own dir" / "mine.json"
    done = desk.login(SAGE200_TOKEN_STORE=own.as_uri())
    assert str(own) in done.out
    assert own.is_file()
    assert desk.tokens() == []
    redis = {"SAGE200_TOKEN_STORE": "redis://u:hush@127.0.0.1:1/0"}
    failed = desk.login(code=1, **redis)
    assert "hush" not in failed.out + failed.err + failed.seen[2]
    assert "Not signed in" in failed.seen[2]


def test_the_page_at_the_end(desk):
    """The page says that it is done, keeps no secret, and is not kept itself."""
    done = desk.login()
    status, headers, text = done.seen
    assert status == 200
    assert "<h1>Signed in</h1>" in text
    assert '<html lang="en">' in text
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert not re.search(r"(src|href)=", text)
    (kept,) = desk.tokens()
    held = json.loads(kept.read_text("utf-8"))
    secrets = [query_of(done.url)["state"], held["access_token"], held["refresh_token"]]
    assert all(secrets)
    assert not [each for each in secrets if each in text + done.out + done.err]


def test_another_state(play, tmp_path):
    """A stranger's state ends the login: a page, a line, exit code 1, nothing kept."""
    desk = Desk(tmp_path, play(forge_state=True))
    done = desk.login(code=1)
    assert "<h1>Not signed in</h1>" in done.seen[2]
    assert done.err.splitlines()[1:] == [
        "error: expected the state that this sign-in began with, got another: begin again"
    ]
    assert desk.tokens() == []
    assert desk.sandbox.token_requests == []


def test_refused_consent(play, tmp_path):
    """Refused consent ends the login likewise."""
    desk = Desk(tmp_path, play(consent="ask"))
    done = desk.login(code=1, browser=lambda url: get(url, decision="refuse"))
    assert "access_denied" in done.err
    assert "<h1>Not signed in</h1>" in done.seen[2]
    assert desk.tokens() == []


def test_what_the_server_says_is_escaped(desk):
    """What a redirect claims goes into the page as text."""

    def browser(url):
        given = query_of(url)
        bad = {"error": "<script>alert(1)</script>", "state": given["state"]}
        return get(f"{given['redirect_uri']}?{urllib.parse.urlencode(bad)}")

    done = desk.login(code=1, browser=browser)
    assert "&lt;script&gt;" in done.seen[2]
    assert "<script>" not in done.seen[2]


def test_a_refused_code(desk):
    """A code that the token endpoint refuses is told of in page and terminal."""

    def browser(url):
        given = query_of(url)
        back = {"code": "made-up", "state": given["state"]}
        return get(f"{given['redirect_uri']}?{urllib.parse.urlencode(back)}")

    done = desk.login(code=1, browser=browser, SAGE200_CLIENT_SECRET="sandbox-secret")
    assert "refused the code (invalid_grant" in done.err
    assert "refused the code (invalid_grant" in done.seen[2]
    assert desk.tokens() == []


def test_nobody_comes_back(desk):
    """Without a browser that returns, the login ends in time and says so."""
    begun = time.monotonic()
    done = desk.run("login", "--no-browser", "--timeout", "0.5", code=1)
    assert time.monotonic() - begun < 20
    last = done.err.splitlines()[-1]
    assert last == "error: nobody came back from the browser within 0.5 s: begin again"
    assert desk.files() == []


@pytest.fixture
def heeded():
    """Let processes heed Ctrl-C: shells start what runs behind others to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="Windows sends no such signal")
@pytest.mark.parametrize("how", ["--no-browser", "--paste"])
@pytest.mark.usefixtures("heeded")
def test_an_interrupt(desk, how):
    """Ctrl-C ends the login at once, with code 130 and no traceback."""
    with desk.start("login", how) as process:
        process.stdout.readline()
        if how == "--paste":
            process.stderr.readline()
            process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert desk.files() == []


def test_other_paths_change_nothing(desk):
    """An icon, another path or method, and silent connections are put up with."""

    def browser(url):
        here = query_of(url)["redirect_uri"]
        port = urllib.parse.urlsplit(here).port
        silent = socket.create_connection(("127.0.0.1", port))
        icon = get(f"http://127.0.0.1:{port}/favicon.ico")
        deeper = get(f"{here}/deeper?code=1&state=2")
        posted = get(here, code="1")
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

    assert desk.login(browser=browser).seen == [404, 404, 405, 200]


def test_only_this_machine_is_listened_to(desk):
    """The port is open on the loopback address, and on no other."""

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

    desk.login(browser=browser)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_that_sage_has_on_its_form(desk, host):
    """--redirect-uri is sent as it is given, and listened at."""
    given = f"http://{host}:{free_port()}/back?from=sage"
    done = desk.login("--redirect-uri", given)
    assert query_of(done.url)["redirect_uri"] == given


def test_a_port_of_ones_choice(desk):
    """--port is the port of the redirect; one that is taken is an error of one line."""
    port = free_port()
    done = desk.login("--port", str(port))
    assert query_of(done.url)["redirect_uri"] == f"http://127.0.0.1:{port}/callback"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        said = desk.run("login", "--port", str(busy), code=1)
    assert said.err.startswith(f"error: port: expected one to listen at, got {busy} (")
    assert len(said.err.splitlines()) == 1


def test_redirects_that_cannot_be_listened_at(desk):
    """A redirect by https needs --paste; one in the clear is this machine's."""
    away = desk.run("login", "--redirect-uri", "https://app.example/cb", code=2)
    assert "--paste" in away.err
    clear = desk.run("login", "--redirect-uri", "http://app.example/cb", code=1)
    assert "expected https" in clear.err


@pytest.mark.parametrize("given", [[], ["--redirect-uri", "https://app.example/cb"]])
def test_pasting(desk, given):
    """--paste takes the address from standard input, whatever the redirect."""
    with desk.start("login", "--paste", *given) as process:
        url = process.stdout.readline().strip()

        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        opener = urllib.request.build_opener(Stop)
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(url, timeout=20)
        back = caught.value.headers["Location"]
        caught.value.close()
        out, err = process.communicate(back + "\n", timeout=60)
    assert process.returncode == 0, err
    assert "signed in" in out
    assert desk.tokens()


def test_pasting_nothing(desk):
    """An end of input, or some other text, is a failed sign-in of one line."""
    for text in ("", "what?\n"):
        done = desk.run("login", "--paste", paste=text, code=1)
        assert "error: expected the state" in done.err.splitlines()[-1]
    assert desk.files() == []


def test_a_client_id_is_needed(desk):
    """Without SAGE200_CLIENT_ID nothing is opened."""
    for how in ("--no-browser", "--paste"):
        done = desk.run("login", how, code=1, SAGE200_CLIENT_ID="")
        assert done.out == ""
        assert done.err == "error: client_id is missing, and a sign-in needs it\n"


def test_tokens_of_the_environment_go_first(desk):
    """A token in the environment is used as given; `login` says that it goes first."""
    desk.login()
    (kept,) = desk.tokens()
    before = kept.read_bytes()
    given = {"SAGE200_ACCESS_TOKEN": "stale"}
    done = desk.login(**given)
    assert "SAGE200_ACCESS_TOKEN is set, and goes before" in done.err
    after = kept.read_bytes()
    assert after != before
    assert "401" in desk.run("whoami", code=1, **given).err
    assert kept.read_bytes() == after


def test_a_refresh_token_that_nothing_keeps_is_pointed_out(desk):
    """A refresh token of the environment is used, in memory, and a note says so."""
    told = desk.sandbox.settings
    given = {
        "SAGE200_REFRESH_TOKEN": told.refresh_token,
        "SAGE200_CLIENT_SECRET": told.client_secret,
        "SAGE200_SITE": told.site,
        "SAGE200_COMPANY": "7",
    }
    done = desk.run("query", "customers", "--format", "csv", **given)
    assert "note: the service may replace SAGE200_REFRESH_TOKEN" in done.err
    assert desk.files() == []


def test_no_refresh_token(play, tmp_path):
    """Where no refresh token comes, `login` says so."""
    desk = Desk(tmp_path, play())
    done = desk.login(browser=lambda url: get(url.replace("%20offline_access", "")))
    assert "note: no refresh token came" in done.err


def test_logout(desk):
    """`logout` forgets the tokens, says so when there were none, and ends access."""
    desk.login()
    (kept,) = desk.tokens()
    assert desk.run("logout").out == f"forgotten: the tokens in {kept}\n"
    assert desk.tokens() == []
    assert desk.run("logout").out == f"there were no tokens in {kept}\n"
    done = desk.run("whoami", code=1)
    assert "sign in again ('sage200 login')" in done.err
    assert len(done.err.splitlines()) == 1
    assert desk.run("logout").out == f"there were no tokens in {kept}\n"


def test_whoami_at_a_tunnel_that_is_down(play, tmp_path):
    """Without a company to ask at, whoami tells of the tokens, and what may be wrong."""
    desk = Desk(tmp_path, play(empty_sites=True))
    desk.login()
    done = desk.run("whoami")
    assert "note: Sage names no company" in done.err
    assert "user          unknown" in done.out
    assert json.loads(desk.run("whoami", "--json").out)["sites"] == []


def test_a_second_redirect_is_late():
    """The listener takes one redirect; the next is told so, and changes nothing."""

    async def main():
        async with Loopback("http://127.0.0.1:0/callback") as loopback:
            first, late = (f"{loopback.redirect_uri}?n={n}" for n in (1, 2))
            begun = asyncio.create_task(asyncio.to_thread(get, first))
            assert await loopback.redirect() == first
            status, _, text = await asyncio.to_thread(get, late)
            assert (status, "over" in text) == (410, True)
            await loopback.show("<p>first")
            assert (await begun)[2] == "<p>first"
            assert await loopback.redirect() == first

    asyncio.run(main())


def test_a_browser_that_leaves_is_not_waited_for():
    """A browser that goes before its page comes does not hold up the login."""

    async def main():
        async with Loopback("http://127.0.0.1:0/") as loopback:
            port = urllib.parse.urlsplit(loopback.redirect_uri).port
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /?code=1 HTTP/1.1\r\n\r\n")
            await loopback.redirect()
            writer.transport.abort()
            await loopback.show("<p>" + "x" * 10_000_000)

    asyncio.run(asyncio.wait_for(main(), 8))


def test_nothing_is_left_open():
    """On leaving, the port is free and silent connections are closed."""

    async def main():
        async with Loopback("http://127.0.0.1:0/") as loopback:
            port = urllib.parse.urlsplit(loopback.redirect_uri).port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()
        async with Loopback(f"http://127.0.0.1:{port}/"):
            with pytest.raises(SettingsError, match=f"got {port}"):
                await Loopback(f"http://127.0.0.1:{port}/").__aenter__()

    asyncio.run(asyncio.wait_for(main(), 5))
