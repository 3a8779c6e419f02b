"""A stream of changes, by the stamp of the last one."""

import asyncio


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
