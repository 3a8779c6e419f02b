"""What is wrong is said before any request, in words that help."""

import pytest

WRONG = {
    "resorce=x": ({"resorce": "x"}, None, "no option 'resorce' here.*'resource'"),
    "resource": (
        {"resource": "custmers"},
        None,
        "'custmers'; did you mean 'customers'",
    ),
    "columns": ({"columns": "id,balence"}, None, "balence.*balance"),
    "expand": ({"expand": "contcts"}, None, "contcts.*contacts"),
    "numPartitions": (
        {"numPartitions": "none"},
        None,
        "numPartitions: expected a whole",
    ),
    "overlap": ({"overlap": "5"}, None, "no option 'overlap'"),
    "schema": ({}, "id BIGINT, nmae STRING", "nmae.*name"),
    "type": ({}, "id BIGINT, balance DOUBLE", r"balance: expected decimal\(38,10\)"),
    "both": ({"columns": "id"}, "id BIGINT, name STRING", "option columns lacks"),
    "list": ({"resource": "sales_invoices"}, None, "cannot be listed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(spark, small_company, name):
    """A wrong option or column is an error that names the right one."""
    options, schema, message = WRONG[name]
    reader = small_company.reader(spark, **options)
    with pytest.raises(Exception, match=message):
        (reader.schema(schema) if schema else reader).load().collect()
    assert small_company.sandbox.requests == []


def test_a_profile_that_is_none(spark, small_company):
    """A profile that does not exist is named, and no request is sent."""
    reader = small_company.reader(spark, profile="no-such")
    with pytest.raises(Exception, match="There is no profile 'no-such'"):
        reader.load().collect()


def test_other_data_sources_are_not_disturbed(spark, tmp_path):
    """Spark finds the source without registration, beside its own."""
    spark.range(3).write.parquet(str(tmp_path / "three"))
    assert spark.read.parquet(str(tmp_path / "three")).count() == 3
