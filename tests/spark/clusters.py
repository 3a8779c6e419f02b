"""Two hosts of Spark on one machine.

Spark runs the copy of a slow task on another host, or nowhere: on `local-cluster`, which
is one host, it speculates on nothing.
"""

HOSTS = ("127.0.0.1", "127.0.0.2")


class Cluster:
    """A master and a worker on each host, in the process of the driver.

    Each worker starts an executor of one core, in a process of its own.
    """

    def __init__(self, folder):
        from pyspark import SparkContext

        SparkContext._ensure_initialized()
        jvm = SparkContext._jvm
        deploy, option = jvm.org.apache.spark.deploy, jvm.scala.Option
        conf = jvm.org.apache.spark.SparkConf().set(
            "spark.master.rest.enabled", "false"
        )
        start = deploy.master.Master.startRpcEnvAndEndpoint
        master = start(HOSTS[0], 0, 0, conf)._1()
        self.url = master.address().toSparkURL()
        urls = SparkContext._gateway.new_array(jvm.String, 1)
        urls[0] = self.url
        start, work = deploy.worker.Worker.startRpcEnvAndEndpoint, str(folder / "work")
        nothing = option.empty()
        workers = [
            start(host, 0, 0, 1, 1024, urls, work, option.apply(number), conf, nothing)
            for number, host in enumerate(HOSTS)
        ]
        self._environments = [*workers, master]

    def stop(self):
        """Stop the workers, and then the master."""
        for environment in self._environments:
            environment.shutdown()
            environment.awaitTermination()
