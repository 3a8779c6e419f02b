"""What users hold: resources of the client, and the queries made from them.

endpoint        a resource, as the catalog declares it
bound_endpoint  the base: an endpoint, and where its requests go
query           what is read, refined: filter, select, order_by
collection      a query that is listed: iterate, count, read in parallel
operations      get, create, update, delete
resources       their combinations: Resource, ListGet
records         the records that come back
schema_diff     what the live service has and the catalog lacks
"""
