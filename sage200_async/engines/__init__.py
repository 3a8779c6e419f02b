"""Engines of others that read and write with this client.

spark    a data source for Apache Spark; needs the extra `spark`
dlt      a source for dlt; needs the extra `dlt`
"""
