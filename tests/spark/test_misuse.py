"""What is wrong is said before any request, by Spark's own errors."""

import pytest

WRONG = {
    "resource": (
        {"resource": "custmers"},
        None,
        "'custmers'; did you mean 'customers'",
    ),
    "key": (
        {"resource": "configurable_terms"},
        None,
        "configurable_terms has no unique key.*spark.read.parquet",
    ),
    "type": ({}, "id BIGINT, balance DOUBLE", r"balance: expected decimal\(38,10\)"),
    "both": ({"columns": "id"}, "id BIGINT, name STRING", "option columns lacks"),
    "profile": ({"profile": "no-such"}, None, "There is no profile 'no-such'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(spark, small_company, name):
    """A wrong option, profile or column is an error that names the right one."""
    options, schema, message = WRONG[name]
    reader = small_company.reader(spark, **options)
    with pytest.raises(Exception, match=message):
        (reader.schema(schema) if schema else reader).load().collect()
    assert small_company.sandbox.requests == []
