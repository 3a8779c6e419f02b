# /// script
# dependencies = [
#   "pyspark==4.3.0",
#   "pandas==2.3.3",
#   "pyarrow==26.0.1",
#   "aiohttp==3.14.5",
#   "msgspec==0.22.0",
#   "yarl==1.25.1",
#   "backoff==2.2.1",
# ]
# ///
"""A whole table of customers by Spark's data source, on two executors of one core each."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from runner import run_job

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT, ROOT / "sage200_async" / "engines" / "spark" / "top_level")
# The package, and the module by which Spark finds its data source.


def frame(url: str, before: str) -> dict[str, float]:
    """Read *before*, so that all processes have started, and then *url*."""
    sys.path[:0] = paths = [str(path) for path in SOURCES]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ |= {
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": os.pathsep.join(paths),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "XDG_CONFIG_HOME": folder,
        }
        profiles = Path(folder, "sage200", "profiles.toml")
        write_profiles(profiles, before=before, measured=url)
        spark = session(folder)
        read(spark, "before")
        started = time.perf_counter()
        records, balance = read(spark, "measured")
        seconds = time.perf_counter() - started
        spark.stop()
    return {"records": records, "balance": round(balance, 2), "seconds": seconds}


def write_profiles(path: Path, **urls: str) -> None:
    """Write a profile for the company of each URL; Spark plans in a process of its own."""
    from sage200_async.profiles import file

    profiles = file.ProfileFile(path)
    for name, url in urls.items():
        base = url.rpartition("/")[0] + "/"
        values = {"base_url": base, "access_token": "token", "site": "s", "company": 1}
        profiles = profiles.with_profile(name, values)
    file.write_profiles(profiles)


def session(folder: str) -> Any:
    """Start Spark with two executors."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": folder,
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,2048]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def read(spark: Any, profile: str) -> tuple[int, float]:
    """Read every column of every customer; return their number and total balance."""
    from pyspark.sql import Observation, functions

    seen = Observation()
    records = functions.count("id").alias("records")
    balance = functions.sum("balance").alias("balance")
    source = spark.read.format("sage200").options(resource="customers", profile=profile)
    whole = source.load().observe(seen, records, balance)
    whole.write.format("noop").mode("overwrite").save()
    return seen.get["records"], float(seen.get["balance"])


if __name__ == "__main__":
    run_job(frame=frame)
