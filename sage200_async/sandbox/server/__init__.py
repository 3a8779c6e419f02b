"""The HTTP side of the sandbox.

- `server`: the application; headers, statuses, the record of requests.
- `routes`: every path. `nested_paths`: paths below another record.
- `handlers`: lists, reads and writes. `actions`: postings, copies, defaults.
- `validation`: what a body may say. `orders`: the rules of orders.
- `responses`: the JSON of records. `http_errors`: 401, 403 and 404.
- `faults`: wrong answers by script.
- `gate`: keeps requests apart from snapshots and restores.
- `start_page/`: the page at ``/``, with a form that builds a query.
"""
