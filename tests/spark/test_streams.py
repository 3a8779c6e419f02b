"""A stream of changes, by the stamp of the last one."""

import asyncio

import pytest

from sage200_async.engines.spark.source_options import ReadOptions
from sage200_async.errors import QueryError


def test_three_micro_batches(spark, small_company, tmp_path):
    """Merged by key, three micro-batches with changes between are what the source is."""
    copy, sizes = {}, []

    def merge(frame, number):
        rows = frame.toArrow().to_pylist()
        copy.update({row["id"]: row for row in rows})
        sizes.append(len(rows))

    def run():
        stream = small_company.reader(
            spark, stream=True, numPartitions=3, overlap=0, certificates=tmp_path / "c"
        ).load()
        query = stream.writeStream.foreachBatch(merge).trigger(availableNow=True)
        query.option(
            "checkpointLocation", str(tmp_path / "point")
        ).start().awaitTermination()

    store = small_company.store
    keys = store.keys("customers")
    run()
    assert sizes == [40]
    store.update("customers", keys[3], {"name": "first change"})
    store.insert("customers", {"reference": "NEW1", "name": "new"})
    run()
    run()  # nothing has changed
    store.update("customers", keys[3], {"name": "second change"})
    store.update("customers", keys[8], {"short_name": "third"})
    run()
    assert len(sizes) == 3
    assert all(size <= 5 for size in sizes[1:])
    records = asyncio.run(small_company.all())
    assert copy.keys() == records.keys()
    for key, row in copy.items():
        record = records[key]
        assert (row["name"], row["short_name"], row["date_time_updated"]) == (
            record.name,
            record.short_name,
            record.date_time_updated,
        )


@pytest.fixture
def stream_reader(small_company, config_folder, monkeypatch):
    """Return what makes stream readers, without Spark."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config_folder))

    def reader(**options):
        from sage200_async.engines.spark.columns import spark_schema
        from sage200_async.engines.spark.stream_reader import StreamReader

        texts = {"resource": "customers", "profile": small_company.profile, **options}
        read = ReadOptions.of(texts, is_stream=True)
        return StreamReader(read, spark_schema(read.query))

    return reader


def test_sage_is_not_asked_all_the_time(small_company, stream_reader):
    """Without a trigger Spark asks a hundred times in a second, and Sage is asked once."""
    reader = stream_reader()
    start = reader.initialOffset()
    ends = [reader.latestOffset(start, None) for _ in range(100)]
    assert ends[0] != start
    assert all(end == ends[0] for end in ends)
    assert [one.path for one in small_company.sandbox.requests] == [
        "sites",
        "customers",
    ]


def test_the_checkpoint_of_another_stream(small_company, stream_reader):
    """A checkpoint of another resource or filter is refused, not gone on with."""
    end = stream_reader().latestOffset(stream_reader().initialOffset(), None)
    small_company.sandbox.requests.clear()
    for options in ({"resource": "suppliers"}, {"filter": "on_hold eq true"}):
        other = stream_reader(**options)
        with pytest.raises(QueryError, match="is of customers, company"):
            other.latestOffset(end, None)
        with pytest.raises(QueryError, match="is of customers, company"):
            other.partitions(end, {**end, "stamp": "2030-01-01T00:00:00+00:00"})
    assert small_company.sandbox.requests == []


def test_a_bad_value_beside_the_newest_stamp(small_company, stream_reader):
    """A stream finds the newest stamp whatever else is wrong with that record."""
    store = small_company.store
    store.update("customers", store.keys("customers")[7], {"balance": "a lot"})
    reader = stream_reader()
    assert reader.latestOffset(reader.initialOffset(), None)["stamp"]
