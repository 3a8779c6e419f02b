"""The sandbox's start page in a real browser: a query is built, shown and run."""

import asyncio
import json
import shutil
import subprocess
import sys
import urllib.request

import pytest

from sage200_async.testing import SandboxThread

NASTY = "<img src=x onerror=\"document.title='struck'\">'&"


@pytest.fixture(scope="module")
def sandbox():
    """Serve some customers, one with a name that is HTML."""
    with SandboxThread(records={"customers": 40}) as sandbox:
        sandbox.store.insert("customers", {"reference": "NASTY", "name": NASTY})
        yield sandbox


@pytest.fixture
def browser(sandbox, tmp_path, chromium):
    """Open the start page, and wait until its form is filled."""
    from selenium.webdriver.support.ui import WebDriverWait

    browser = chromium(tmp_path / "profile")
    browser.get(f"{sandbox.url}/")
    WebDriverWait(browser, 20).until(
        lambda browser: browser.execute_script("return document.body.dataset.ready")
    )
    yield browser
    browser.quit()


def choose(browser, name, value):
    """Set a field of the form, as a person does."""
    browser.execute_script(
        """
        const node = document.querySelector(arguments[0]);
        const names = [].concat(arguments[1]);
        if (node.multiple) for (const option of node.options)
            option.selected = names.includes(option.value);
        else node.value = arguments[1];
        for (const kind of ["input", "change"])
            node.dispatchEvent(new Event(kind, {bubbles: true}));
        """,
        name,
        value,
    )


def build(browser):
    """Ask for three fields of the customers that have the nasty name."""
    choose(browser, ".condition select", "name")
    choose(browser, ".condition input", NASTY)
    choose(browser, "#select", ["id", "reference", "name"])
    choose(browser, "#order", "id")


def run(browser):
    """Run the query; return the status line and the response."""
    from selenium.webdriver.support.ui import WebDriverWait

    browser.find_element("css selector", "button.main").click()
    WebDriverWait(browser, 20).until(
        lambda browser: browser.find_element("id", "status").text[:1].isdigit()
    )
    status = browser.find_element("id", "status").text
    return status, browser.find_element("id", "body").get_property("textContent")


def shown(browser, tool):
    """Return the request as a tool sends it."""
    browser.find_element("css selector", f"[data-tool={tool}]").click()
    return browser.find_element("id", "code").get_property("textContent")


def test_a_query_is_built_and_run(browser, sandbox):
    """The form's query brings the record, and HTML in a name stays text."""
    build(browser)
    status, body = run(browser)
    assert status == "200 OK, 1 record"
    (row,) = json.loads(body)
    assert (row["reference"], row["name"]) == ("NASTY", NASTY)
    assert sandbox.requests[-1].query["$select"] == "reference,name,id"
    assert browser.title == "Sage 200 sandbox"
    assert browser.find_elements("tag name", "img") == []
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_an_error_is_shown(browser):
    """What Sage refuses is shown with its status and its message."""
    choose(browser, ".condition select", "balance")
    choose(browser, ".condition input", "much")
    status, body = run(browser)
    assert status.startswith("400")
    assert "expected a field and a value" in json.loads(body)["Message"]


def test_another_company_and_resource(browser):
    """Another company has other records, and another resource other fields."""
    choose(browser, "#company", "8")
    _, body = run(browser)
    second = json.loads(body)
    choose(browser, "#company", "7")
    _, body = run(browser)
    assert [row["id"] for row in json.loads(body)] != [row["id"] for row in second]
    choose(browser, "#resource", "departments")
    names = "return [...document.querySelectorAll('#select option')].map(o => o.value)"
    for _ in range(100):
        if "credit_limit" not in (fields := browser.execute_script(names)):
            break
    assert "code" in fields


def test_curl_sends_what_is_shown(browser):
    """The command for curl, run in a shell, brings the same record."""
    if not shutil.which("curl") or not shutil.which("sh"):
        pytest.skip("curl is not installed")
    build(browser)
    command = ["sh", "-c", shown(browser, "curl")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert [row["name"] for row in json.loads(done.stdout)] == [NASTY]


def test_python_reads_what_is_shown(browser, tmp_path):
    """The program that is shown runs, and prints the same record."""
    build(browser)
    program = tmp_path / "program.py"
    program.write_text(shown(browser, "python"), "utf-8")
    command = [sys.executable, str(program)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "NASTY" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_powershell_has_its_quotes(browser):
    """The command for PowerShell has the same URL, in its own quotes."""
    build(browser)
    command = shown(browser, "powershell")
    url = command.partition("-Uri '")[2].partition("'")[0]
    start = command.index("'Authorization' = '")
    assert command[start:].startswith("'Authorization' = 'Bearer ey")
    assert "%27" in url
    assert url in shown(browser, "curl")


def resize(browser, width, height):
    """Show the page as a screen of this size does."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1}
    mobile = {"mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size | mobile)


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_screen(browser, width, tmp_path, record_property):
    """Nothing is wider than the screen, at 1280 and at 390 pixels; a picture is kept."""
    resize(browser, width, 900)
    build(browser)
    run(browser)
    wide, height = browser.execute_script(
        "const page = document.documentElement;"
        "return [[page.scrollWidth, window.innerWidth], page.scrollHeight]"
    )
    assert wide[0] <= wide[1] == width
    assert browser.find_element("id", "code").text.startswith("curl 'http://127.0.0.1")
    resize(browser, width, height)  # the whole page is drawn, not only what was seen
    browser.execute_async_script(
        "const done = arguments[0];"
        "requestAnimationFrame(() => requestAnimationFrame(() => done()))"
    )
    picture = tmp_path / f"start-page-{width}.png"
    picture.write_bytes(browser.get_screenshot_as_png())
    record_property("screenshot", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_page_needs_nothing_from_elsewhere(sandbox):
    """No file of the page names another host, and none may be asked for."""
    for name in ("", "start.css", "start.js", "start.json"):
        with urllib.request.urlopen(f"{sandbox.url}/{name}") as response:
            text = response.read().decode()
            policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'")
        assert "//" not in text.replace("// ", "").replace(sandbox.url, "")


def test_the_page_is_no_api_request(sandbox):
    """Loading the page leaves no trace among the recorded requests."""

    async def load():
        sandbox.requests.clear()
        await asyncio.to_thread(urllib.request.urlopen, f"{sandbox.url}/")
        return sandbox.requests

    assert asyncio.run(load()) == []
