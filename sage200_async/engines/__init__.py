"""Engines of others that read with this client: dlt and Spark."""
