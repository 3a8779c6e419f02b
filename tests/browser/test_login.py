"""Signing in with a real browser: two processes, and Chromium between them."""

import json
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytest.importorskip("selenium", reason="selenium is not installed")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed"),
    pytest.mark.skipif(not DRIVER, reason="chromedriver is not installed"),
]

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
KEPT = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "SYSTEMROOT", "VIRTUAL_ENV")
OPENER = """#!{python}
import os, sys
with open({file!r} + ".part", "w") as file:
    file.write(sys.argv[1])
os.replace({file!r} + ".part", {file!r})
"""
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium(profile):
    """Start Chromium with a profile of its own."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    service = webdriver.ChromeService(executable_path=DRIVER)
    return webdriver.Chrome(options=options, service=service)


class Desk:
    """A person's machine: a home, a browser, and the terminal."""

    def __init__(self, home, card):
        self.home = home
        self.address = home / "address"
        opener = home / "opener"
        opener.write_text(OPENER.format(python=sys.executable, file=str(self.address)))
        opener.chmod(0o700)
        names = ("base_url", "token_url", "authorization_url", "client_id")
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env |= {f"SAGE200_{name.upper()}": card[name] for name in names}
        self.env |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        self.env |= {"BROWSER": str(opener), "COLUMNS": "120"}
        self.browser = chromium(home / "profile")

    def login(self, *arguments):
        """Start the login; give its process, and the address that it opened."""
        process = self.start("login", *arguments)
        until = time.monotonic() + 30
        while not self.address.exists():
            assert time.monotonic() < until, "login opened no browser"
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return process, self.address.read_text()

    def start(self, *arguments):
        return subprocess.Popen(
            [*SAGE200, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.env,
        )

    def ended(self, process):
        """Wait for a process; give what it printed."""
        with process:
            out, err = process.communicate(timeout=60)
        return SimpleNamespace(code=process.returncode, out=out, err=err)

    def click(self, text):
        """Click the button that says *text*."""
        self.browser.find_element("xpath", f"//button[.='{text}']").click()

    def heading(self, text):
        """Wait until the page has *text* for its heading; give all its text."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 20).until(
            lambda browser: browser.find_elements(
                "xpath", f"//main/h1[.={json.dumps(text)}]"
            )
        )
        return self.browser.find_element("tag name", "main").text

    def kept(self):
        """Name the files below the configuration folder."""
        return sorted(path.name for path in self.home.glob("config/**/tokens.json"))


@pytest.fixture
def card():
    """Start `sage200 sandbox --ask-consent`; give the line that it prints."""
    command = [*SAGE200, "sandbox", "--ask-consent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def desk(card, tmp_path):
    """Give a person's machine, with a browser."""
    made = Desk(tmp_path, card)
    yield made
    made.browser.quit()


def test_a_person_signs_in(desk):
    """Login opens the browser; consent ends on a page that says done; whoami answers."""
    process, address = desk.login()
    desk.browser.get(address)
    asked = desk.heading("Sandbox sign-in")
    assert "sandbox-client asks to use" in asked
    assert process.poll() is None
    desk.click("Allow")
    page = desk.heading("Signed in")
    assert "You may close this window" in page
    assert desk.browser.current_url.startswith("http://127.0.0.1:")
    done = desk.ended(process)
    assert done.code == 0, done.err
    assert "signed in" in done.out
    assert "sign in again  by" in done.out
    assert desk.kept() == ["tokens.json"]
    complaints = [entry["message"] for entry in desk.browser.get_log("browser")]
    assert [each for each in complaints if "favicon.ico" not in each] == []

    who = desk.ended(desk.start("whoami", "--json"))
    assert who.code == 0, who.err
    told = json.loads(who.out)
    assert told["user"]["logon_name"]
    assert told["sites"][0]["company_name"] == "Sandbox Trading Ltd"


def test_a_person_refuses(desk):
    """Refusing ends on a page that says so; exit code 1, one line, no token."""
    process, address = desk.login()
    desk.browser.get(address)
    desk.click("Refuse")
    page = desk.heading("Not signed in")
    assert "access_denied" in page
    done = desk.ended(process)
    assert done.code == 1
    assert "error: Sage ID refused the sign-in (access_denied" in done.err
    assert desk.kept() == []


def test_another_state(desk):
    """A browser that comes back with another state ends the login; no token."""
    process, address = desk.login()
    state = address.partition("&state=")[2].partition("&")[0]
    assert state
    desk.browser.get(address.replace(state, "of-a-stranger"))
    desk.click("Allow")
    assert "state" in desk.heading("Not signed in")
    done = desk.ended(process)
    assert done.code == 1
    assert "error: expected the state that this sign-in began with" in done.err
    assert desk.kept() == []


def test_a_closed_browser(desk):
    """A browser that is closed before consent: the login ends in time; no token."""
    process, address = desk.login("--timeout", "3")
    desk.browser.get(address)
    desk.heading("Sandbox sign-in")
    desk.browser.quit()
    done = desk.ended(process)
    assert done.code == 1
    assert "error: nobody came back from the browser within 3 s" in done.err
    assert desk.kept() == []
