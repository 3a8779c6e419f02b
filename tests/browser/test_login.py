"""Signing in with a real browser: Chromium between `login` and the sandbox."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]
INHERITED = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH", "SYSTEMROOT", "VIRTUAL_ENV")
OPENER = """#!{python}
import os, sys
with open({file!r} + ".part", "w") as file:
    file.write(sys.argv[1])
os.replace({file!r} + ".part", {file!r})
"""


class Machine:
    """A person's machine: a home folder, a browser and a terminal."""

    def __init__(self, home, connection, chromium):
        self.home = home
        self.address = home / "address"
        opener = home / "opener"
        opener.write_text(OPENER.format(python=sys.executable, file=str(self.address)))
        opener.chmod(0o700)
        names = ("base_url", "token_url", "authorization_url", "client_id")
        self.env = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.env |= {f"SAGE200_{name.upper()}": connection[name] for name in names}
        self.env |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        self.env |= {"BROWSER": str(opener), "COLUMNS": "120"}
        self.browser = chromium(home / "profile")

    def login(self, *arguments):
        """Start `login`; return its process, and the address that it opened."""
        process = self.start("login", *arguments)
        deadline = time.monotonic() + 30
        while not self.address.exists():
            assert time.monotonic() < deadline, "login opened no browser"
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

    def wait(self, process):
        """Wait for a process; return its exit code and output."""
        with process:
            out, err = process.communicate(timeout=60)
        return SimpleNamespace(code=process.returncode, out=out, err=err)

    def click(self, text):
        """Click the button labelled *text*."""
        self.browser.find_element("xpath", f"//button[.='{text}']").click()

    def wait_for_page(self, heading):
        """Wait for the page with this heading; return its text."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 20).until(
            lambda browser: browser.find_elements(
                "xpath", f"//main/h1[.={json.dumps(heading)}]"
            )
        )
        return self.browser.find_element("tag name", "main").text

    def token_files(self):
        """Return the names of the token files in the configuration folder."""
        return sorted(path.name for path in self.home.glob("config/**/tokens.json"))


@pytest.fixture
def connection():
    """Start `sage200 sandbox --ask-consent`; return the settings that it prints."""
    command = [*SAGE200, "sandbox", "--ask-consent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def machine(connection, tmp_path, chromium):
    """Return a machine with a browser."""
    machine = Machine(tmp_path, connection, chromium)
    yield machine
    machine.browser.quit()


def test_a_person_signs_in(machine):
    """Login opens the browser, consent ends on a final page, and whoami works."""
    process, address = machine.login()
    machine.browser.get(address)
    consent = machine.wait_for_page("Sandbox sign-in")
    assert "sandbox-client asks to use" in consent
    assert process.poll() is None
    machine.click("Allow")
    page = machine.wait_for_page("Signed in")
    assert "You may close this window" in page
    assert machine.browser.current_url.startswith("http://127.0.0.1:")
    done = machine.wait(process)
    assert done.code == 0, done.err
    assert "signed in" in done.out
    assert "sign in again  by" in done.out
    assert machine.token_files() == ["tokens.json"]
    messages = [entry["message"] for entry in machine.browser.get_log("browser")]
    assert [message for message in messages if "favicon.ico" not in message] == []

    who = machine.wait(machine.start("whoami", "--json"))
    assert who.code == 0, who.err
    identity = json.loads(who.out)
    assert identity["user"]["logon_name"]
    assert identity["sites"][0]["company_name"] == "Sandbox Trading Ltd"


def test_a_person_refuses(machine):
    """Refused consent ends on a page that says so; exit code 1, one line, no tokens."""
    process, address = machine.login()
    machine.browser.get(address)
    machine.click("Refuse")
    page = machine.wait_for_page("Not signed in")
    assert "access_denied" in page
    done = machine.wait(process)
    assert done.code == 1
    assert "error: Sage ID refused the sign-in (access_denied" in done.err
    assert machine.token_files() == []


def test_another_state(machine):
    """A browser that comes back with another state is ignored; the login waits on."""
    process, address = machine.login("--timeout", "5")
    state = address.partition("&state=")[2].partition("&")[0]
    assert state
    machine.browser.get(address.replace(state, "of-a-stranger"))
    machine.click("Allow")
    machine.wait_for_page("Not of this sign-in")
    done = machine.wait(process)
    assert done.code == 1
    assert "another state were ignored" in done.err
    assert machine.token_files() == []


def test_a_closed_browser(machine):
    """If the browser is closed before consent, the login ends in time; no tokens."""
    process, address = machine.login("--timeout", "3")
    machine.browser.get(address)
    machine.wait_for_page("Sandbox sign-in")
    machine.browser.quit()
    done = machine.wait(process)
    assert done.code == 1
    assert "error: the browser did not come back within 3 s" in done.err
    assert machine.token_files() == []
