"""Options, settings, conditions and certificates of the Spark source, without Spark."""

import asyncio
import pickle

import msgspec
import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.engines.spark import certify_folder
from sage200_async.engines.spark.certificates import write_certificate, write_plan
from sage200_async.engines.spark.connection import driver_settings, executor_settings
from sage200_async.engines.spark.rejects import RangeRejects, advise_rejects
from sage200_async.engines.spark.source_options import ReadOptions, WriteOptions
from sage200_async.errors import DecodeError, ExtractError, QueryError, SettingsError
from sage200_async.extract.rejects_file import RejectedLine
from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.connection import variables
from sage200_async.wire.decode import QUARANTINE_ADVICE

RejectedLineDecoder = msgspec.json.Decoder(RejectedLine)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "set the option 'resource'"),
        (
            {"resources": "customers"},
            "no option 'resources' here; did you mean 'resource'",
        ),
        ({"resource": "custmers"}, "did you mean 'customers'"),
        ({"resource": "sales_invoices"}, "cannot be listed"),
        (
            {"resource": "configurable_terms"},
            "configurable_terms has no unique key, .* `sage200 export configurable_terms --",
        ),
        ({"resource": "customers", "columns": "id, balence"}, "balence"),
        ({"resource": "customers", "expand": "contcts"}, "contcts"),
        ({"resource": "customers", "numPartitions": "0"}, "a whole number, 1 or more"),
        (
            {"resource": "customers", "numPartitions": "many"},
            "a whole number, 1 or more",
        ),
        ({"resource": "customers", "overlap": "1"}, "no option 'overlap'"),
        ({"resource": "customers", "by": "reference"}, "no option 'by'"),
    ],
)
def test_wrong_options_of_a_read(options, message):
    """An option that is unknown, missing or malformed is an error that says which."""
    with pytest.raises(QueryError, match=message):
        _ = ReadOptions.of(options, is_stream=False).query


def test_options_in_any_case():
    """Spark's options may be in any case, and lists have blanks."""
    options = {"RESOURCE": "customers", "numpartitions": "3", "columns": " id , name"}
    read = ReadOptions.of(options, is_stream=False)
    assert (read.partitions, read.columns) == (3, ("id", "name"))
    assert read.query.options.select == ("id", "name")
    stream = ReadOptions.of({"resource": "customers", "overlap": "1.5"}, is_stream=True)
    assert stream.overlap == 1.5


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "an hour"])
def test_seconds(text):
    """Seconds are 0 or more."""
    with pytest.raises(QueryError, match="overlap: expected seconds, 0 or more"):
        ReadOptions.of({"resource": "customers", "overlap": text}, is_stream=True)


def test_options_of_a_write():
    """A write needs a journal, and by default leaves the rest to the catalog."""
    with pytest.raises(QueryError, match="set the option 'journal'"):
        WriteOptions.of({"resource": "customers"})
    options = WriteOptions.of({"resource": "customers", "journal": "job.db"})
    assert (options.by, options.workers, options.settle) == ((), 4, None)


def test_a_refresh_token_needs_a_store(monkeypatch):
    """A refresh token that works once is refused, unless it has a store."""
    texts = variables(
        Settings(client_id="c", refresh_token="hush-1", site="s", company=1)
    )
    for name, text in texts.items():
        if text:
            monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError, match="Spark plans in several processes"):
        driver_settings("", "")
    assert driver_settings("", "redis://host/0").token_store == "redis://host/0"


def test_what_executors_get():
    """An executor gets an access token alone, or the store and what refreshes it."""

    async def main():
        async with (
            Sandbox(records={"customers": 1}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            alone = await executor_settings(client, "")
            shared = await executor_settings(client, "redis://host/0")
            return client.settings, pickle.loads(pickle.dumps(alone)), shared

    ours, alone, shared = asyncio.run(main())
    assert (alone.client_secret, alone.refresh_token, alone.access_token) == (
        "",
        "",
        "",
    )
    assert asyncio.run(alone.token_store.load()).access_token
    assert (shared.refresh_token, shared.access_token) == ("", "")
    assert shared.client_secret == ours.client_secret


async def a_read(parts):
    """Return a plan, and the certificates of its ranges."""
    async with (
        Sandbox(records={"customers": 30}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        plan, certificates = await client.customers.plan(parts=parts), []
        for key_range in plan.ranges:
            async with client.read_range(key_range) as part:
                _ = [one async for one in part]
            certificates.append(part.certificate)
        return plan, certificates


def test_one_certificate_of_a_folder(tmp_path):
    """Of each range one attempt counts, and a range without one is named."""
    plan, certificates = asyncio.run(a_read(3))
    with pytest.raises(ExtractError, match="no plan is there"):
        certify_folder(tmp_path)
    write_plan(str(tmp_path), plan)
    with pytest.raises(ExtractError, match="3 of 3 ranges have no certificate"):
        certify_folder(tmp_path)
    for attempt, certificate in enumerate(certificates):
        write_certificate(str(tmp_path), certificate, 1, attempt)
    assert certify_folder(tmp_path).records == 30
    write_certificate(str(tmp_path), certificates[1], 1, 9)  # run twice
    assert certify_folder(tmp_path, plan=plan.id).records == 30

    write_certificate(str(tmp_path), certificates[0], 2, 10)  # another action
    with pytest.raises(
        ExtractError, match=r"2 of 3 ranges .* range 1 .* and range 2|2 of 3"
    ):
        certify_folder(tmp_path)


def test_attempts_that_differ(tmp_path):
    """Where two attempts at a range found other records, nobody knows which counts."""
    plan, certificates = asyncio.run(a_read(2))
    write_plan(str(tmp_path), plan)
    for attempt, certificate in enumerate(certificates):
        write_certificate(str(tmp_path), certificate, 1, attempt)
    changed = replace(certificates[1], records=certificates[1].records - 1)
    write_certificate(str(tmp_path), changed, 1, 5)
    with pytest.raises(ExtractError, match="two tasks read range 1 while it changed"):
        certify_folder(tmp_path)


def test_the_last_plan_counts(tmp_path):
    """A job that failed before any range ended is not certified by the one before."""
    plan, certificates = asyncio.run(a_read(2))
    write_plan(str(tmp_path), plan)
    for attempt, certificate in enumerate(certificates):
        write_certificate(str(tmp_path), certificate, 1, attempt)
    other, _ = asyncio.run(a_read(3))
    write_plan(str(tmp_path), other)
    with pytest.raises(ExtractError, match="no range of it was read") as caught:
        certify_folder(tmp_path)
    assert f"{plan.id!r}" in str(caught.value)
    assert certify_folder(tmp_path, plan=plan.id).records == 30
    with pytest.raises(ExtractError, match="3 of 3 ranges have no certificate"):
        certify_folder(tmp_path, plan=other.id)


async def plan_with_wrong_records(wrong):
    """Return a plan of customers, and what reads its only range into a quarantine."""
    async with (
        Sandbox(records={"customers": 30}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        keys = sandbox.store.keys("customers")
        for key in keys[:wrong]:
            sandbox.store.update("customers", key, {"balance": "a lot"})
        plan = await client.customers.plan(parts=1)
        errors = []
        settings = sandbox.settings
        async with (
            Sage200Client(settings, quarantine=errors.append) as worker,
            worker.read_range(plan.ranges[0]) as part,
        ):
            _ = [one async for one in part]
        return plan, keys[:wrong], errors


def lines_in(folder):
    """Return the lines of the only file of a folder."""
    (path,) = folder.iterdir()
    return [RejectedLineDecoder.decode(line) for line in path.read_bytes().splitlines()]


def test_rejects_of_a_range(tmp_path):
    """A later attempt replaces what an earlier one wrote, and nothing leaves no file."""
    plan, keys, errors = asyncio.run(plan_with_wrong_records(3))
    (key_range,) = plan.ranges
    for seen in (errors[:1], errors):
        attempt = RangeRejects(str(tmp_path), key_range)
        for error in seen:
            attempt.add(error)
        attempt.write()
        lines = lines_in(tmp_path)
        assert [line.key for line in lines] == keys[: len(seen)]
        source = key_range.source
        assert {(line.resource, line.site, line.company) for line in lines} == {
            ("customers", source.site.lower(), source.company)
        }
    RangeRejects(str(tmp_path), key_range).write()
    assert list(tmp_path.iterdir()) == []


def test_the_advice_of_a_record_that_does_not_fit():
    """Spark's users cannot set a quarantine, so the error names the option."""
    error = DecodeError("no number")
    error.add_note("first")
    error.add_note(QUARANTINE_ADVICE)
    advise_rejects(error)
    first, advice = error.__notes__
    assert first == "first"
    assert "set the option rejects to a folder" in advice
