"""Query options as the sandbox reads them, by a parser that is not the client's."""
