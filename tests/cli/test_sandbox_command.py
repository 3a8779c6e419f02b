"""``sage200 sandbox``: how to reach it, for each tool, and what it refuses."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from urllib.parse import urlsplit

import pytest

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]


@contextlib.contextmanager
def serving(*options):
    """Serve a sandbox; yield its standard output, and its start page's URL."""
    command = [*SAGE200, "sandbox", "--records", "customers=3", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            line = process.stderr.readline()
            assert line.startswith("Start page: "), line + process.stderr.read()
            process.terminate()
            yield process.stdout.read(), line.split()[-1]
        finally:
            process.kill()


@contextlib.contextmanager
def reachable(tool, *options):
    """Serve a sandbox; yield what it prints first, while it runs."""
    command = [*SAGE200, "sandbox", "--records", "customers=3", "--print", tool]
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process.stdout
        finally:
            process.kill()


def read_env(lines):
    """Return variables up to the last one, as a shell reads them."""
    variables = {}
    for line in lines:
        name, _, text = line.rstrip("\n").partition("=")
        variables[name] = text
        if name == "SAGE200_PROFILE":
            return variables
    return variables


def test_variables_for_any_program():
    """``--print env`` has a token that works, and the command line works with it."""
    with reachable("env") as lines:
        variables = read_env(lines)
        request = urllib.request.Request(
            variables["SAGE200_BASE_URL"] + "customers",
            None,
            {
                "Authorization": f"Bearer {variables['SAGE200_ACCESS_TOKEN']}",
                "X-Site": variables["SAGE200_SITE"],
                "X-Company": variables["SAGE200_COMPANY"],
            },
        )
        with urllib.request.urlopen(request) as response:
            assert len(json.load(response)) == 3
        command = [*SAGE200, "query", "customers", "--format", "ndjson"]
        done = subprocess.run(
            command,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    assert len(done.stdout.splitlines()) == 3, done.stderr
    assert "SAGE200_ALLOW_INSECURE_HTTP" not in variables


def test_a_command_for_curl():
    """``--print curl`` is a command that brings records."""
    if not shutil.which("curl") or not shutil.which("sh"):
        pytest.skip("curl is not installed")
    with reachable("curl") as lines:
        command = "".join(next(lines) for _ in range(4))
        done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    assert len(json.loads(done.stdout)) == 3


def test_commands_for_powershell():
    """``--print powershell`` sets the environment, and sends a request with it."""
    with serving("--print", "powershell") as (text, _):
        lines = text.splitlines()
    assert lines[0] == "$env:SAGE200_EDITION = 'professional'"
    assert any(line.startswith("$env:SAGE200_ACCESS_TOKEN = 'ey") for line in lines)
    assert lines[-1].startswith("Invoke-RestMethod -Uri 'http://127.0.0.1:")
    assert lines[-1].endswith("customers?$top=5&$orderby=id' -Headers $headers")


def test_a_collection_for_postman():
    """``--print postman`` is a collection whose requests the sandbox answers."""
    with reachable("postman") as lines:
        text = ""
        for line in lines:
            text += line
            if line == "}\n":
                break
        collection = json.loads(text)
        values = {item["key"]: item["value"] for item in collection["variable"]}
        statuses = {}
        for item in collection["item"]:
            statuses[item["name"].partition(" (")[0]] = send(item["request"], values)
    assert statuses == {
        "Sites": 200,
        "Customers": 200,
        "New customer": 200,
        "Refresh the token": 200,
    }


def send(request, values):
    """Send a request of a collection, as Postman does; return the status."""

    def filled(text):
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        assert "{{" not in text
        return text

    headers = {h["key"]: filled(h["value"]) for h in request.get("header", [])}
    if request.get("auth", {}).get("type") != "noauth":
        headers["Authorization"] = filled("Bearer {{access_token}}")
    body = request.get("body", {})
    data = filled(body["raw"]).encode() if "raw" in body else None
    if "urlencoded" in body:
        pairs = [f"{f['key']}={filled(f['value'])}" for f in body["urlencoded"]]
        data = "&".join(pairs).encode()
    message = urllib.request.Request(
        filled(request["url"]), data, headers, method=request["method"]
    )
    with urllib.request.urlopen(message) as response:
        return response.status


def test_a_name_for_containers():
    """``--allow-http`` puts a host name into the settings, and allows http for it."""
    options = ("--host", "0.0.0.0", "--allow-http", "shop")
    with serving("--print", "env", *options) as (text, page):
        variables = read_env(text.splitlines())
    assert urlsplit(page).hostname == "shop"
    for name in ("BASE", "TOKEN", "AUTHORIZATION"):
        assert urlsplit(variables[f"SAGE200_{name}_URL"]).hostname == "shop"
    assert variables["SAGE200_ALLOW_INSECURE_HTTP"] == "true"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--records", "customers"],
            "RESOURCE=N such as customers=500, got 'customers'",
        ),
        (["--records", "customers=-1"], "RESOURCE=N such as customers=500"),
        (["--records", "custmers=1"], "did you mean 'customers'?"),
        (["--allow-http", "a b"], "base_url: expected a URL without blanks"),
        (["--database", "{folder}"], "cannot be used as an SQLite database"),
        (["--port", "{port}"], "choose another port, or 0 for a free one"),
        (["--data", "{folder}", "--records", "customers=1"], "leave one out"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, options, message):
    """A bad option, a port in use and a database that is none are one line each."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        filled = [text.format(folder=tmp_path, port=port) for text in options]
        done = subprocess.run(
            [*SAGE200, "sandbox", *filled],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
