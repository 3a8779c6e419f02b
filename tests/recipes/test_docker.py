"""Docker: the commands of the compose file, run without Docker, which tests cannot start.

What can be said of the Dockerfile itself is in tests/testing/test_docker_files.py.
"""

import importlib.util
import re
import urllib.request
from pathlib import Path

import pytest

COMPOSE = Path(__file__).parents[2] / "examples" / "docker" / "compose.yaml"


def script(service, folder, port):
    """Return what a service runs, with *folder* and *port* instead of the container's."""
    import yaml

    compose = yaml.safe_load(COMPOSE.read_text("utf-8"))
    *shell, text = compose["services"][service]["entrypoint"]
    assert shell == ["sh", "-c"]
    text = text.replace("/data/", f"{folder.as_posix()}/").replace("8200", str(port))
    text = text.replace("--host 0.0.0.0", "--host 127.0.0.1")
    return re.sub(r" --allow-http sandbox", "", text)


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("yaml", "click")),
    reason="PyYAML or the command line is not installed",
)
def test_the_commands_of_the_compose_file(start, run, free_port, tmp_path):
    """The sandbox becomes healthy, and the program beside it reads five customers."""
    port = free_port()
    sandbox = start("sh", "-c", script("sandbox", tmp_path, port))

    def is_healthy():
        try:
            url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
            return urllib.request.urlopen(url, timeout=5).close() is None
        except OSError:
            return False

    sandbox.wait_until(is_healthy)
    sandbox.wait_until((tmp_path / "sandbox.env").read_text)
    none = {f"SAGE200_{n}": "" for n in ("TOKEN_STORE", "REFRESH_TOKEN")}
    result = run("sh", "-c", script("query", tmp_path, port), **none)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 5
    assert sandbox.stop() in {0, 130, 143}
