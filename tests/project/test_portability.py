"""Nothing in the package is for one system only: found by reading the code."""

import ast
import ntpath
from collections.abc import Iterator
from pathlib import Path

import pytest

import sage200_async

ROOT = Path(sage200_async.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if "catalog" not in path.parts)
TEXT_CALLS = {"open", "fdopen", "read_text", "write_text", "TextIOWrapper"}
# Names of what Windows or its event loop lacks, or does otherwise: `os.rename` fails
# there if the new name is taken.
POSIX_ONLY = {
    "add_signal_handler",
    "remove_signal_handler",
    "add_reader",
    "add_writer",
    "fork",
    "geteuid",
    "getuid",
    "killpg",
    "mkfifo",
    "rename",
    "setsid",
    "SIGALRM",
    "SIGHUP",
    "SIGKILL",
    "SIGUSR1",
}
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}
RESERVED = '<>:"|?*'


def text_calls_without_encoding(tree: ast.AST) -> Iterator[int]:
    """Yield the lines where a text file would get the code page of the system."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in TEXT_CALLS or not is_of_files(node.func):
            continue
        texts = [*node.args, *(key.value for key in node.keywords if key.arg == "mode")]
        modes = [one.value for one in texts if isinstance(one, ast.Constant)]
        is_binary = any(isinstance(mode, str) and "b" in mode for mode in modes)
        if not is_binary and "encoding" not in {key.arg for key in node.keywords}:
            yield node.lineno


def is_of_files(function: ast.expr) -> bool:
    """Whether a call is of a file: many things here can be opened."""
    if not isinstance(function, ast.Attribute) or function.attr != "open":
        return True
    owner = ast.unparse(function.value).lower()
    return owner.endswith(("path", "file", "temporary", ")")) or owner in {"gzip", "io"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_text_has_an_encoding(path: Path) -> None:
    """A file of text names its encoding, or is opened as bytes."""
    tree = ast.parse(path.read_text("utf-8"))
    assert list(text_calls_without_encoding(tree)) == []


def test_a_text_without_an_encoding_is_found() -> None:
    """The search finds each way to open a file."""
    bad = ["open(p)", "path.open('w')", "p.read_text()", "os.fdopen(1)", "gzip.open(p)"]
    good = ["open(p, 'rb')", "sink.open(t)", "p.read_text(encoding='utf-8')"]
    for source in bad:
        assert list(text_calls_without_encoding(ast.parse(source))) == [1], source
    for source in good:
        assert list(text_calls_without_encoding(ast.parse(source))) == [], source


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_is_used_that_windows_lacks(path: Path) -> None:
    """But in a branch for other systems, which type checkers see, too."""
    tree = ast.parse(path.read_text("utf-8"))
    branches = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "sys.platform" in ast.unparse(node.test)
    ]
    guarded = {id(node) for branch in branches for node in ast.walk(branch)}
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Attribute):
            assert node.attr not in POSIX_ONLY, node.lineno
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
            assert not names & POSIX_MODULES, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in POSIX_MODULES, node.lineno


def names_of_an_export() -> Iterator[str]:
    """Yield the names of what an export leaves, also while it runs."""
    from sage200_async.catalog import Endpoints
    from sage200_async.extract.files.journal import journal_folder
    from sage200_async.extract.files.manifest import manifest_path

    for name in Endpoints.endpoints():
        yield name
        yield journal_folder(Path(), name).name
        yield manifest_path(Path(), name).name


def test_file_names_are_those_of_every_system() -> None:
    """No resource is a device such as `con`, has a colon, or ends in a dot or a blank."""
    for name in names_of_an_export():
        assert not set(name) & set(RESERVED + "\\/"), name
        assert name == name.rstrip(". "), name
        assert ntpath.basename(ntpath.join("C:\\out", name)) == name
        assert name.partition(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL"}, name


def test_names_differ_by_more_than_case() -> None:
    """Windows and macOS take `A.csv` for `a.csv`."""
    names = list(names_of_an_export())
    assert len({name.casefold() for name in names}) == len(set(names))
