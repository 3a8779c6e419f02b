"""What the command line prints of records, and what it refuses."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import Sage200Client, Settings
from sage200_async.cli import app as app_module
from sage200_async.cli.config import login_settings
from sage200_async.cli.output import align_columns
from sage200_async.cli.query_output import OutputOptions, write_records
from sage200_async.cli.table import make_table
from sage200_async.cli.writers import csv_text
from sage200_async.errors import QueryError, RequestError
from sage200_async.errors.foreign_text import escaped_json
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request

HOSTILE = "a\x1b]0;title\x07\x1b[2Jb\x9b31m\u202ec\r\nd\u2028e\x00"
HARMLESS = "a�]0;title��[2Jb�31m�c  d e�"


def printed(*, select: bool = False, **options: Any) -> None:
    """Print three records, of which the last has another field."""
    rows = [{"id": 1}, {"id": 2}, {"id": 3, "name": HOSTILE}]
    memory = MemoryTransport(lambda _: reply(rows))
    client = Sage200Client(Settings(site="guid", company=7), transport=memory)
    query = client.resource("things").top(3)
    query = query.select("id", "name") if select else query
    asyncio.run(write_records(query, OutputOptions(**options)))


def test_a_table_has_no_control_characters() -> None:
    """Nothing in a record or in a name reaches the terminal as a command."""
    rows = [{"name": HOSTILE, HOSTILE: "[bold]x[/bold]"}]
    header, row = make_table(["name", HOSTILE], rows, 200).lines
    assert (header + row).isprintable()
    assert HARMLESS in header
    assert HARMLESS in row
    assert "[bold]x[/bold]" in row


def test_aligned_lines_have_no_control_characters() -> None:
    """The lists of `whoami` and others are for eyes, too."""
    assert list(align_columns([[HOSTILE, "x"]])) == [f"{HARMLESS}  x"]


def test_csv_has_no_control_characters_but_tabs_and_line_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Terminals and spreadsheets get CSV as it is: cells keep only breaks and tabs."""
    printed(format="csv", select=True)
    output = capsys.readouterr().out
    rows = list(csv.reader(io.StringIO(output, newline="")))
    name = HARMLESS.replace("c  d", "c\nd")
    assert rows == [["id", "name"], ["1", ""], ["2", ""], ["3", name]]
    assert csv_text("a\tb\nc\rd\r\ne") == "a\tb\nc d\ne"


def test_ndjson_escapes_control_characters(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """NDJSON keeps each character, and writes no control character raw."""
    printed(format="ndjson", select=True)
    output = capfdbinary.readouterr().out
    assert msgspec.json.decode(output.splitlines()[2])["name"] == HOSTILE
    assert output.replace(b"\n", b"").decode().isprintable()
    assert rb"b\u009b31m" in output


@given(st.text())
def test_escaped_json_is_the_same_json(text: str) -> None:
    """Whatever a text has, it comes back, and nothing in it is for a terminal."""
    safe = text.encode(errors="replace").decode()
    line = escaped_json(msgspec.json.encode({"name": safe}))
    assert msgspec.json.decode(line) == {"name": safe}
    assert line.decode().isprintable()


def test_an_error_is_printed_without_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an error nor a note of it moves the cursor, also not by the request."""

    def fail(**_: Any) -> None:
        """Fail as a command does."""
        error = RequestError(HOSTILE, request=Request(method="GET", path=HOSTILE))
        error.add_note(HOSTILE)
        raise error

    monkeypatch.setattr(app_module, "app", fail)
    assert app_module.run() == 1
    assert capsys.readouterr().err.replace("\n", "").isprintable()


def test_a_field_without_a_column_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Untyped CSV takes its columns from the first record, and drops no field."""
    with pytest.raises(QueryError, match=r"'name'.*--select"):
        printed(format="csv")
    assert capsys.readouterr().out == "id\n1\n2\n"


@pytest.mark.parametrize("store", ["", None, "memory://"])
def test_an_empty_token_store_counts_as_unset(
    store: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a store in the environment, login stores the tokens in a file."""
    monkeypatch.setenv("SAGE200_CLIENT_ID", "client")
    if store is None:
        monkeypatch.delenv("SAGE200_TOKEN_STORE", raising=False)
    else:
        monkeypatch.setenv("SAGE200_TOKEN_STORE", store)
    location = login_settings().token_store
    assert isinstance(location, str)
    assert (Path(location).name == "tokens.json") is not bool(store)
