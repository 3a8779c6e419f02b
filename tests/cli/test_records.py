"""`sage200 get`, `create`, `update` and `delete`: one record, or the request for it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_a_record_from_its_creation_to_its_end(sage200: Command, serving: Any) -> None:
    """Each command prints the record as it is then; a deleted one is not found."""
    with serving(records={"customers": 3}) as (_, env):
        created = sage200("create", "customers", "reference=NEW1", "name=New", env=env)
        key = str(json.loads(created.stdout)["id"])
        shown = sage200("get", "customers", key, "--select", "name", env=env).stdout
        assert json.loads(shown) == {"id": int(key), "name": "New"}
        changed = sage200("update", "customers", key, "credit_limit=12.50", env=env)
        assert '"credit_limit":12.5' in changed.stdout
        assert sage200("delete", "customers", key, env=env).stdout == ""
        gone = sage200("get", "customers", key, env=env, code=1)
        assert "404" in gone.stderr


def test_values_of_a_file(sage200: Command, serving: Any, tmp_path: Path) -> None:
    """A JSON object has related records; pairs go before it."""
    file = tmp_path / "customer.json"
    values = {"reference": "NEW2", "name": "file", "contacts": [{"name": "Ann"}]}
    file.write_text(json.dumps(values), encoding="utf-8-sig")
    with serving(records={"customers": 3}) as (sandbox, env):
        arguments = ("name=pair", "--values", str(file))
        created = sage200("create", "customers", *arguments, env=env)
        assert json.loads(created.stdout)["name"] == "pair"
        (body,) = [r for r in sandbox.requests if r.method == "POST"]
        assert body.status == 200


def test_a_request_that_is_only_shown(
    signed_in: dict[str, str], sage200: Command
) -> None:
    """With --dry-run the method, the address and the body are printed, as they are sent."""
    base = signed_in["SAGE200_BASE_URL"]
    output = sage200(
        "create", "customers", "reference=X", "name=Y", "--dry-run", env=signed_in
    ).stdout
    first, *body = output.splitlines()
    assert first == f"POST {base}customers"
    assert json.loads("".join(body)) == {"reference": "X", "name": "Y"}
    shown = sage200("delete", "customers", "5", "--dry-run", env=signed_in).stdout
    assert shown == f"DELETE {base}customers/5\n"
    shown = sage200("update", "customers", "5", "name=Z", "--dry-run", env=signed_in)
    assert shown.stdout.startswith(f"PUT {base}customers/5\n")
    shown = sage200("get", "customers", "5", "--dry-run", env=signed_in)
    assert shown.stdout.startswith(f"GET {base}customers/5")


def test_what_is_refused_before_anything_is_sent(
    signed_in: dict[str, str], sage200: Command
) -> None:
    """Wrong fields, values and operations end with status 2, and say what is right."""
    wrong = {
        ("create", "customers", "nmae=x"): "name",
        ("create", "customers", "credit_limit=1,5"): "without a comma",
        ("create", "customers", "name"): "expected FIELD=VALUE",
        ("create", "customers"): "there are no values",
        ("create", "customers", "contacts=x"): "use --values FILE",
        ("delete", "customer_views", "5"): "cannot delete",
        ("get", "custmers", "5"): "the nearest is customers",
    }
    for arguments, text in wrong.items():
        assert text in sage200(*arguments, env=signed_in, code=2).stderr
