"""What people say about a sandbox: wrong counts and faults are refused at once."""

from __future__ import annotations

import asyncio

import pytest

from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour, Fault, Sandbox
from sage200_async.sandbox.arguments import checked_behaviour


@pytest.mark.parametrize(
    "records", [5, "customers=5", {"customers": "5"}, {"customers": -1},
                {"customers": True}, {"customers": 1.5}]
)  # fmt: skip
def test_records_are_counts(records):
    """A sandbox of anything but whole numbers by resource is refused when made."""
    with pytest.raises(SettingsError, match=r"^records: expected") as caught:
        Sandbox(records=records)
    assert caught.value.name == "records"


@pytest.mark.parametrize("faults", [5, [5], [Fault(), "503"], {"status": 503}])
def test_faults_are_faults(faults):
    """Anything but faults is refused, and those that were set stay."""

    async def main():
        async with Sandbox(records={}) as sandbox:
            sandbox.faults = [Fault(status=503), None]
            with pytest.raises(SettingsError, match=r"^faults: expected"):
                sandbox.faults = faults
            assert list(sandbox.faults) == [Fault(status=503), None]

    asyncio.run(main())


def test_switches_are_copied():
    """Switches of the right types are taken, as a Behaviour of their own."""
    own = Behaviour(max_top=5, forbidden=frozenset({"sop"}))
    copy = checked_behaviour(own)
    assert copy == own
    assert copy is not own
    assert checked_behaviour({"max_top": 5}) == Behaviour(max_top=5)
    assert checked_behaviour(None) == Behaviour()
