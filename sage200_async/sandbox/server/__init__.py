"""The HTTP side of the sandbox: routes, handlers, responses and faults."""
