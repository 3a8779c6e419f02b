"""The guide to Spark does what it says."""

from pathlib import Path

from msgspec.structs import replace

from sage200_async.profiles.file import read_profiles, write_profiles

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "spark.md"


def test_the_blocks_run(spark, small_company, folders, monkeypatch):
    """Every Python block of the guide runs, in its order, against a company."""
    monkeypatch.syspath_prepend(DOCS)
    from page_blocks import blocks

    file = read_profiles(folders[0] / "sage200" / "profiles.toml")
    write_profiles(replace(file, default=small_company.profile))
    monkeypatch.chdir(folders[1])
    codes = [one.code for one in blocks(GUIDE) if one.language == "python"]
    assert len(codes) == 5
    for code in codes:
        exec(compile(code, "guide", "exec"), {"__name__": "guide"})
    references = {
        small_company.store.get("customers", key)["reference"]
        for key in small_company.store.keys("customers")
    }
    assert {"WEB001", "WEB002"} <= references
