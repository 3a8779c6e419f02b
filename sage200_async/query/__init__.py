"""What users hold: resources of the client, and the queries made from them.

endpoint        a resource, as the catalog declares it
bound_endpoint  the base: an endpoint, and where its requests go
query           what is read, refined: filter, select, order_by
planned_query   a query whose read is shared out among processes
collection      a query that is listed: iterate, count, read in parallel
identity        how a record is found that was perhaps created
input_rules     what inputs have to fulfil, and how strictly
operations      get, create, update, delete
resources       their combinations: Resource, ListGet
range_client    the part of a client that reads what was shared out
records         the records that come back
schema_diff     what the live service has and the catalog lacks
"""
