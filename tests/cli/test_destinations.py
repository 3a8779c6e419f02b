"""A command that is wrong in any part is refused before any of it is carried out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REFUSED = {"SAGE200_ACCESS_TOKEN": "of-nobody"}
Run = Callable[..., Any]


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """Return the journal of an unfinished export of customers."""
    journal = tmp_path / "out" / ".customers.partial" / "journal"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"what was read so far")
    return journal


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["customers", "custmers"], "nearest is customers"),
        (["customers", "sales_invoices"], "cannot be listed"),
        (["customers", "customers"], "customers is named twice"),
        (["customers", "--select", "nme"], "nme"),
        (["customers", "--expand", "contact"], "contact"),
        (["customers", "users", "--since", "2026-01-01"], "no time of the last change"),
        (["customers", "--since", "yesterday"], "--since"),
        (["customers", "--page-size", "0"], "0"),
        (["customers", "--prefix", "north_"], "--prefix"),
        (["customers", "--bom"], "--bom"),
        (["customers", "/../victim"], "/../victim"),
    ],
)
def test_a_wrong_command_costs_no_progress(
    arguments: list[str],
    message: str,
    unfinished: Path,
    sage200: Run,
    signed_in: dict[str, str],
) -> None:
    """--restart removes nothing where any name or option of the command is wrong."""
    to = ("--to", str(unfinished.parents[1]), "--restart")
    completed = sage200("export", *arguments, *to, env=signed_in, code=2)
    assert message in completed.stderr
    assert unfinished.read_bytes() == b"what was read so far"


def test_missing_settings_cost_no_progress(unfinished: Path, sage200: Run) -> None:
    """--restart removes nothing where a setting is missing."""
    to = ("--to", str(unfinished.parents[1]), "--restart")
    env = {"SAGE200_TOKEN_STORE": "memory://"}
    sage200("export", "customers", *to, env=env, code=2)
    assert unfinished.exists()


def test_nothing_outside_of_the_folder_is_removed(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """A name that leads out of the folder is refused before anything is removed."""
    victim = tmp_path / "victim.partial" / "journal"
    victim.parent.mkdir()
    victim.write_bytes(b"")
    to = ("--to", str(tmp_path / "out"), "--restart")
    completed = sage200("export", "/../victim", *to, env=signed_in, code=2)
    assert "unknown resource '/../victim'" in completed.stderr
    assert victim.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["export", "sync"])
@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("out.db", "sqlite:///out.db"),
        ("copies/out.sqlite3", "sqlite:///copies/out.sqlite3"),
        ("out.DuckDB", "duckdb:///out.DuckDB"),
    ],
)
def test_a_folder_is_never_named_like_a_database(
    command: str, name: str, advice: str, tmp_path: Path, sage200: Run
) -> None:
    """The name of a database file is refused, and the URL to write is shown."""
    completed = sage200(command, "customers", "--to", name, code=2, cwd=tmp_path)
    assert f"--to {advice}" in completed.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()  # as a sync of before has left it
    completed = sage200(command, "customers", "--to", name, code=2, cwd=tmp_path)
    assert f"--to {advice}" in completed.stderr


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson.gz", "out.parquet"])
def test_a_folder_is_never_named_like_a_file(
    name: str, tmp_path: Path, sage200: Run
) -> None:
    """The name of a file is refused: each resource gets a file in a folder."""
    completed = sage200("export", "customers", "--to", name, code=2, cwd=tmp_path)
    assert "name a folder" in completed.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["sqlite:copy.db", "mysql://host/name", "sqlite:///"])
def test_an_unusable_url_is_no_folder(to: str, tmp_path: Path, sage200: Run) -> None:
    """What begins like a URL is refused if it is none that is known."""
    env = {"SAGE200_ACCESS_TOKEN": "t", "SAGE200_SITE": "s", "SAGE200_COMPANY": "1"}
    completed = sage200(
        "export", "customers", "--to", to, env=env, code=2, cwd=tmp_path
    )
    assert "sqlite:///path" in completed.stderr
    assert list(tmp_path.iterdir()) == []


DATABASE = ("--to", "sqlite:///copy.db")


@pytest.mark.parametrize(
    "options",
    [
        ("--to", "out", "--prefix", "north_"),
        ("--to", "out", "--replace"),
        ("--to", "out", "--drop-columns"),
        ("--to", "out", "--format", "parquet", "--compress", "gzip"),
        ("--to", "out", "--format", "parquet", "--nulls"),
        ("--to", "out", "--format", "csv", "--nulls"),
        ("--to", "out", "--format", "ndjson", "--bom"),
        ("--to", "out", "--neutralize-formulas"),
        ("--to", "out", "--format", "arrow", "--compress", "gzip"),
        ("--to", "out", "--format", "csv", "--related", "nested"),
        (*DATABASE, "--related", "nested"),
        (*DATABASE, "--format", "csv"),
        (*DATABASE, "--compress", "gzip"),
        (*DATABASE, "--overwrite"),
        (*DATABASE, "--bom"),
        (*DATABASE, "--nulls"),
        (*DATABASE, "--neutralize-formulas"),
    ],
)
def test_an_option_that_the_target_does_not_use_is_an_error(
    options: tuple[str, ...], tmp_path: Path, sage200: Run
) -> None:
    """No option is ignored in silence: the error names it, and nothing is written."""
    completed = sage200("export", "customers", *options, code=2, cwd=tmp_path)
    [name] = [name for name in options[2:] if name in completed.stderr.split()]
    assert f"{name} must be left out: " in completed.stderr
    assert list(tmp_path.iterdir()) == []


def test_options_reach_the_files(
    tmp_path: Path, sage200: Run, signed_in: dict[str, str]
) -> None:
    """--nulls, --bom and --neutralize-formulas do what they say."""
    csv, ndjson = ("--format", "csv"), ("--format", "ndjson", "--nulls")
    options = (*csv, "--bom", "--neutralize-formulas", "--to", str(tmp_path))
    sage200("export", "customers", *options, env=signed_in)
    assert (tmp_path / "customers.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    manifest = json.loads((tmp_path / "customers.manifest.json").read_text("utf-8"))
    assert manifest["options"] == ["bom", "neutralize-formulas"]
    sage200("export", "suppliers", *ndjson, "--to", str(tmp_path), env=signed_in)
    lines = (tmp_path / "suppliers.ndjson").read_text("utf-8").splitlines()
    assert len({tuple(json.loads(line)) for line in lines}) == 1


class TestFinished:
    """An export that is finished, and run again."""

    @pytest.fixture
    def out(self, tmp_path: Path, sage200: Run, signed_in: dict[str, str]) -> str:
        out = tmp_path / "out"
        sage200("export", "suppliers", "--to", str(out), env=signed_in)
        return str(out)

    def test_the_same_command_again_is_a_success(
        self, out: str, sage200: Run, signed_in: dict[str, str]
    ) -> None:
        """A finished export of the same query is not read again; the exit status is 0."""
        env = signed_in | REFUSED
        completed = sage200("export", "suppliers", "--to", out, env=env)
        assert "suppliers: already complete" in completed.stderr
        assert "--overwrite" in completed.stderr
        assert "30" in completed.stdout

    def test_what_is_missing_is_read(
        self, out: str, sage200: Run, signed_in: dict[str, str]
    ) -> None:
        """Of several resources, only those are read that are not complete yet."""
        names = ("customers", "suppliers")
        completed = sage200("export", *names, "--to", out, env=signed_in)
        assert "suppliers: already complete" in completed.stderr
        assert "customers: already complete" not in completed.stderr
        lines = completed.stdout.splitlines()
        assert [line.split()[:2] for line in lines[1:]] == [
            ["customers", "700"],
            ["suppliers", "30"],
        ]

    @pytest.mark.parametrize(
        ("options", "difference"),
        [
            (["--filter", "id gt 0"], "another query"),
            (["--select", "id,name"], "another query|other columns"),
            (["--format", "csv"], "another format"),
            (["--nulls"], "another format"),
        ],
    )
    def test_another_query_in_its_place_is_refused(
        self,
        options: list[str],
        difference: str,
        out: str,
        sage200: Run,
        signed_in: dict[str, str],
    ) -> None:
        """What is complete is never taken for another query; --overwrite replaces it."""
        arguments = ("export", "suppliers", "--to", out, *options)
        completed = sage200(*arguments, env=signed_in, code=2)
        assert any(text in completed.stderr for text in difference.split("|"))
        assert "--overwrite" in completed.stderr
        sage200(*arguments, "--overwrite", env=signed_in)

    def test_a_file_that_is_gone_is_noticed(
        self, out: str, sage200: Run, signed_in: dict[str, str]
    ) -> None:
        """A manifest without its file is no complete export."""
        Path(out, "suppliers.ndjson").unlink()
        arguments = ("export", "suppliers", "--to", out)
        completed = sage200(*arguments, env=signed_in, code=2)
        assert "suppliers.ndjson" in completed.stderr
        sage200(*arguments, "--overwrite", env=signed_in)
        assert Path(out, "suppliers.ndjson").exists()


@pytest.mark.parametrize("target", ["files", "a database"])
def test_an_unfinished_export_can_be_left(
    target: str, tmp_path: Path, sage200: Run, serving: Any
) -> None:
    """Another query is refused while one is unfinished; --restart drops what it has read."""
    from aiohttp import web

    path = tmp_path / "out"
    is_database = target == "a database"
    to = f"sqlite:///{(path / 'copy').as_posix()}" if is_database else str(path)
    path.mkdir()
    pages = 0

    async def fail_later(request: Any) -> Any:
        nonlocal pages
        pages += request.query.get("$top") == "20"
        return web.Response(status=400) if pages > 3 else None

    with serving(records={"suppliers": 100}) as (sandbox, env):
        sizes = ("--page-size", "20", "--workers", "1")
        arguments = ("export", "suppliers", "--to", to, *sizes)
        sandbox.request_hook = fail_later
        sage200(*arguments, env=env, code=1)
        sandbox.request_hook = None
        other = (*arguments, "--filter", "id gt 0")
        refused = sage200(*other, env=env, code=2)
        assert "--restart" in refused.stderr
        completed = sage200(*other, "--restart", env=env)
        assert ["suppliers", "100"] in [
            line.split()[:2] for line in completed.stdout.splitlines()
        ]
