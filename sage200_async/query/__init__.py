"""What users hold: resources of the client, and the queries made from them.

endpoint     a resource, as the catalog declares it
query        a query: what every resource can refine
collection   a query that can be listed: iterate, count, read in parallel
operations   get, create, update, delete
records      the records that come back
schema_diff  what the live service has and the catalog lacks
"""
