"""What is said to a person whose first commands are not quite right."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


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
