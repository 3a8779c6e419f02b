"""A Spark of two executors in processes of their own, and sandboxes that it reads.

`nox -s spark` installs PySpark. The number of customers is 5,000, or 100,000 with
EXHAUSTIVE=1.
"""

import logging
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sage200_async.testing import SandboxThread

sys.path.insert(0, str(Path(__file__).parent))
from clusters import Cluster
from companies import CUSTOMERS, Company

CONFIGURATION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Seconds in which a Python process has to start: machines of CI are slow.
    "spark.python.authenticate.socketTimeout": "120s",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
    # Each task that takes half as long again as half of the others is run a second time.
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.multiplier": "1.5",
    "spark.speculation.quantile": "0.5",
    "spark.speculation.minTaskRuntime": "2s",
    "spark.speculation.efficiency.enabled": "false",  # by time alone
}
# Code that runs for seconds is not worth the second compiler, which has no core of its own.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="session")
def config_folder(tmp_path_factory):
    """Return the folder where Spark's processes look for profiles."""
    return tmp_path_factory.mktemp("config")


@pytest.fixture(scope="session")
def spark_folder(tmp_path_factory):
    """Return the folder in which Spark runs."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="session")
def folders(config_folder, spark_folder):
    """Return both."""
    return config_folder, spark_folder


@pytest.fixture(scope="session")
def spark(config_folder, spark_folder):
    """Yield a session with two executors of one core each."""
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed: `nox -s spark` installs it")
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        pytest.skip("Java is not installed: apt-get install openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.WARNING)  # it logs each call
    environment = {
        "JDK_JAVA_OPTIONS": JAVA_OPTIONS,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "XDG_CONFIG_HOME": str(config_folder),
    }
    before, cwd = dict(os.environ), Path.cwd()
    os.environ.update(environment)
    os.chdir(spark_folder)  # relative paths of the driver begin here
    cluster = Cluster(spark_folder)
    builder = SparkSession.builder.master(cluster.url)
    for name, value in CONFIGURATION.items():
        builder = builder.config(name, value)
    session = builder.config("spark.local.dir", str(spark_folder)).getOrCreate()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(before)
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
    cluster.stop()


@pytest.fixture(scope="module")
def many_customers():
    """Yield a sandbox with many customers, which nobody changes."""
    with SandboxThread(records={"customers": CUSTOMERS}) as sandbox:
        yield sandbox


@pytest.fixture
def company(many_customers, config_folder):
    """Yield the company with many customers, read in small pages, without hurry."""
    many_customers.requests.clear()
    many_customers.token_requests.clear()
    limits = {"page_size": max(200, CUSTOMERS // 50), "read_timeout": 300}
    yield Company(many_customers, config_folder, **limits)
    many_customers.request_hook = None


@pytest.fixture
def small_company(config_folder):
    """Yield a company with 40 customers, which tests may change."""
    with SandboxThread(records={"customers": 40}) as sandbox:
        yield Company(sandbox, config_folder, page_size=5)
