"""The image of the sandbox: its files, as far as they can be checked without Docker."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

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
