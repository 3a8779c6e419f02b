"""`--json`: what an export, a sync or a verification has done, for programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from sage200_async.paging.certificate import Certificate


@pytest.fixture
def copy_url(tmp_path: Path) -> str:
    """Return the URL of a database that is not there yet."""
    return f"sqlite:///{(tmp_path / 'copy.db').as_posix()}"


def test_an_export_prints_its_certificates(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """One object for each resource, in their order; the same if it was complete before."""
    names = ("suppliers", "customers")
    arguments = ("export", *names, "--to", str(tmp_path), "--select", "id", "--json")
    first = json.loads(sage200(*arguments, env=signed_in).stdout)
    assert [one["name"] for one in first] == [*names]
    assert [one["certificate"]["records"] for one in first] == [30, 700]
    certificate = Certificate.from_json(json.dumps(first[0]["certificate"]))
    assert certificate.path == "suppliers"
    again = sage200(*arguments, env=signed_in)
    assert json.loads(again.stdout) == first


def test_a_failure_has_its_error(
    tmp_path: Path, sage200: Any, signed_in: dict[str, str]
) -> None:
    """It stands in place of all but the name; the others are whole."""
    arguments = ("export", "suppliers", "couriers", "--to", str(tmp_path), "--json")
    options = ("--filter", "balance gt -1000000")
    failed = sage200(*arguments, *options, env=signed_in, code=2)
    good, bad = json.loads(failed.stdout)
    assert good["certificate"]["records"] == 30
    assert bad.keys() == {"name", "error"}
    assert "balance" in bad["error"]
    assert "error: couriers: " in failed.stderr


def test_a_sync_prints_its_results(
    copy_url: str, sage200: Any, signed_in: dict[str, str]
) -> None:
    """What was read, changed and deleted, also with --quiet."""
    arguments = ("sync", "suppliers", "--to", copy_url, "--json", "--quiet")
    first = sage200(*arguments, env=signed_in)
    assert first.stderr == ""
    (result,) = json.loads(first.stdout)
    assert (result["name"], result["whole"], result["read"]) == ("suppliers", True, 30)
    (again,) = json.loads(sage200(*arguments, env=signed_in).stdout)
    assert (again["whole"], again["changed"], again["deleted"]) == (False, 0, 0)
    assert again["watermark"] == result["watermark"]


def test_a_verification_prints_its_results(
    copy_url: str, sage200: Any, signed_in: dict[str, str]
) -> None:
    """It is one array, too."""
    arguments = ("suppliers", "--to", copy_url, "--json")
    sage200("export", *arguments, env=signed_in)
    (result,) = json.loads(sage200("verify", *arguments, env=signed_in).stdout)
    assert result["equal"]
    assert result["tables"][0]["copy"] == 30
