"""The image of the sandbox: its files, as far as they can be checked without Docker."""

import asyncio
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.sandbox_server.conftest import signed_in

FOLDER = Path(__file__).parents[2] / "examples" / "docker"
ROOT = FOLDER.parents[1]
INSTRUCTIONS = {
    "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE",
    "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT",
}  # fmt: skip


def instructions():
    """Return the instructions of the Dockerfile, each on one line."""
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]


def options(command):
    """Return the options of ``sage200 sandbox`` in a command line."""
    return re.findall(r"--[a-z-]+", command.partition("sage200 sandbox")[2])


def test_the_dockerfile_is_well_formed():
    """Each line is an instruction, and what is copied exists and is in the wheel."""
    names = [name for name, _ in instructions()]
    assert set(names) <= INSTRUCTIONS
    assert names[0] == "FROM"
    copied = [
        source
        for name, text in instructions()
        if name == "COPY" and "--from" not in text
        for source in shlex.split(text)[:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    needed = {*wheel, "pyproject.toml", project["project"]["readme"]}
    assert needed | {*project["project"]["license-files"]} == set(copied)


def test_the_commands_have_options_that_exist():
    """The image and the compose file call the command line with its own options."""
    pytest.importorskip("click", reason="click is not installed")
    from sage200_async.cli.app import app

    known = {name for option in app.commands["sandbox"].params for name in option.opts}
    entrypoint = next(text for name, text in instructions() if name == "ENTRYPOINT")
    image = "sage200 sandbox " + entrypoint
    compose = (FOLDER / "compose.yaml").read_text("utf-8")
    used = {*options(image), *options(compose)} - {"--top"}
    assert {"--host", "--port", "--allow-http", "--print"} <= used <= known


def test_the_compose_file_is_well_formed():
    """It is YAML, and both services are built from the same Dockerfile."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    assert set(compose) == {"services", "volumes"}
    for service in compose["services"].values():
        build = service["build"]
        assert (FOLDER / build["context"] / build["dockerfile"]).is_file()
        assert service["volumes"][0].startswith(f"{next(iter(compose['volumes']))}:")


def test_the_container_runs_as_nobody_special_and_shows_its_health():
    """It is not root's, listens on the port that it shows, and its health is served."""
    last = dict(instructions())
    lines = instructions()
    names = [name for name, _ in lines]
    assert names.index("USER") < names.index("ENTRYPOINT")
    user = last["USER"]
    assert user != "root"
    assert any(name == "RUN" and f" {user}" in text for name, text in lines)
    port = last["EXPOSE"]
    assert f'"--port", "{port}"' in last["ENTRYPOINT"]
    assert '"--host", "0.0.0.0"' in last["ENTRYPOINT"]
    url = re.search(r"http://127.0.0.1:(\d+)/(\S+?)'", last["HEALTHCHECK"])
    assert url[1] == port

    async def main():
        async with signed_in({"customers": 0}) as (sandbox, http):
            async with http.session.get(f"{sandbox.url}/{url[2]}") as response:
                assert response.status == 200
            assert sandbox.requests == []

    asyncio.run(main())


def test_the_services_reach_one_another_and_nobody_else_does():
    """The sandbox is called as it is named, on this machine alone, once it is ready."""
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    sandbox, query = re.split(r"^  query:\n", text, flags=re.MULTILINE)
    name = re.search(r"--allow-http (\S+)", sandbox)[1]
    port = dict(instructions())["EXPOSE"]
    assert f"\nservices:\n  {name}:\n" in sandbox
    assert f"--host 0.0.0.0 --port {port} " in sandbox
    assert re.findall(r"(\S+):\d+:\d+", sandbox) == ['"127.0.0.1']
    assert f':{port}:{port}"' in sandbox
    assert f"      {name}:\n        condition: service_healthy\n" in query
    # So that Python is process 1, and gets the signal of `docker stop`.
    assert sandbox.count("exec sage200 ") == query.count("exec sage200 ") == 1
    written = re.search(r"> (/\S+)", sandbox)[1]
    folder = written.rpartition("/")[0]
    assert f". {written} &&" in query
    assert all(f"- records:{folder}" in service for service in (sandbox, query))
