"""What is said to a person whose first commands are not quite right."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sage200_async.cli.doctor.finding import complete, failed, ok
from sage200_async.profiles.folder import token_path

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set up a folder of profiles of this test alone."""
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def test_a_sandbox_that_is_gone_or_new(sage200: Run, serving: Any) -> None:
    """Each command names the one that starts it, or that signs in to the new one."""
    with serving(records={"customers": 3}) as (sandbox, _):
        url, port = sandbox.url, urlsplit(sandbox.url).port
        sage200("init", "--sandbox", url, "--secrets", "file")
    start = f"`sage200 sandbox --port {port}` starts it"
    gone = sage200("query", "customers", code=1).stderr
    assert start in gone
    assert "ssl:" not in gone
    gone = sage200("init", "--sandbox", url, "--profile", "other", code=1).stderr
    assert f"error: GET {url}/authorize: Cannot connect" in gone
    with serving(records={"customers": 3}, port=port):
        store = token_path(os.environ, "default")
        store.write_bytes(store.read_bytes().replace(b"access_token", b"access_tokem"))
        new = sage200("query", "customers", code=4).stderr
        report = sage200("doctor", code=4).stdout
        cure = f"`sage200 init --sandbox {url} --overwrite`"
        assert cure in new
        assert cure in report
        sage200("init", "--sandbox", url, "--overwrite")
        sage200("doctor")


def test_a_profile_is_no_cure_for_the_environment(
    sage200: Run, signed_in: dict[str, str]
) -> None:
    """Where variables name the company, `init` would make a profile that nobody uses."""
    stale = signed_in | {"SAGE200_REFRESH_TOKEN": "stale", "SAGE200_ACCESS_TOKEN": ""}
    refused = sage200("query", "customers", env=stale, code=4).stderr
    assert "`sage200 sandbox --print env` prints a new one" in refused
    assert "--overwrite" not in refused


def test_a_check_that_failed_is_not_well_too() -> None:
    """A token that lasts and is refused is one finding, that it is refused."""
    findings = [ok("token", "90 days"), failed("token", "refused", "sign in")]
    assert [one.status for one in complete(findings) if one.check == "token"] == [
        "failed"
    ]


def test_the_end_of_a_value_in_a_filter(
    sage200: Run, signed_in: dict[str, str]
) -> None:
    """Text passes as it is, with a warning that names the value that is known."""
    condition = "account_status_type eq 'Active' and id gt 0"
    read = ("query", "customers", "--filter", condition)
    stdout, stderr = sage200(*read, "--quiet", env=signed_in)
    assert not stdout
    assert stderr.startswith(
        "warning: --filter has 'Active', which is no known account_"
    )
    assert stderr.endswith("did you mean 'AccountStatusActive'?\n")
    exact = condition.replace("'Active'", "'AccountStatusActive'")
    output = sage200("query", "customers", "--filter", exact, env=signed_in)
    assert output.stdout
    assert "warning" not in output.stderr


def test_a_field_that_is_like_none(sage200: Run, signed_in: dict[str, str]) -> None:
    """The command that lists fields is named beside the code that does."""
    wrong = ("query", "customers", "--select", "zzz")
    assert (
        "`sage200 describe RESOURCE`" in sage200(*wrong, env=signed_in, code=2).stderr
    )


def test_a_query_as_parquet(sage200: Run) -> None:
    """The command that writes it is named."""
    refused = sage200("query", "customers", "--format", "parquet", code=2).stderr
    assert "`sage200 export RESOURCE --to FOLDER` writes Parquet" in refused
