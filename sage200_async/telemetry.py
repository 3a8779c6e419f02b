"""OpenTelemetry: a span for each request and each read, and metrics.

It needs the extra ``otel``: ``pip install 'sage200-async[otel]'``. To export
anything, the application sets up an OpenTelemetry SDK.

::

    async with Sage200Client(settings) as client:
        instrument(client)
        ...

Names follow OpenTelemetry's conventions for HTTP clients. No span holds a
token, a header, a body or a query.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sage200_async._optional import require
from sage200_async._version import __version__
from sage200_async.events import (
    Event,
    PageRead,
    PageSizeChanged,
    ReadFinished,
    ReadStarted,
    RequestFinished,
    RequestSent,
    RetryScheduled,
    TokenRefreshed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from sage200_async.client import Sage200Client

_NAME: Final = "sage200_async"
_IDS: Final = re.compile(r"/\d+")


def instrument(
    client: Sage200Client,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> Callable[[], None]:
    """Report to OpenTelemetry what *client* does, and the clients made by its `at`.

    Spans: ``GET customers`` for each attempt of a request, and ``read customers``
    for each read, with its records and pages, around the spans of its requests.
    Metrics: ``http.client.request.duration``, ``sage200.records``,
    ``sage200.retries`` and ``sage200.token.refreshes``.

    Args:
        client: The client to report on.
        tracer_provider: Where spans go; the application's by default.
        meter_provider: Where metrics go; the application's by default.

    Returns:
        A function that stops it.

    Raises:
        MissingExtra: OpenTelemetry's API is not installed.

    Source:
        opentelemetry.io, "Semantic conventions for HTTP spans".

    Example:
        >>> stop = instrument(client)
        >>> run(client.customers.count()) > 0
        True
        >>> stop()
    """
    require("telemetry", "otel", "opentelemetry.trace", "opentelemetry.metrics")
    trace = import_module("opentelemetry.trace")
    metrics = import_module("opentelemetry.metrics")
    tracer = trace.get_tracer(_NAME, __version__, tracer_provider)
    meter = metrics.get_meter(_NAME, __version__, meter_provider)
    return client.subscribe(_Telemetry(trace, tracer, meter))


class _Telemetry:
    """Turns events into spans and metrics."""

    def __init__(self, trace: Any, tracer: Any, meter: Any) -> None:
        self._trace = trace
        self._tracer = tracer
        self._spans: dict[int, Span] = {}
        self._seconds = meter.create_histogram(
            "http.client.request.duration", "s", "Seconds that a request took."
        )
        self._records = meter.create_counter(
            "sage200.records", "{record}", "Records read."
        )
        self._retries = meter.create_counter(
            "sage200.retries", "{retry}", "Requests sent again."
        )
        self._refreshes = meter.create_counter(
            "sage200.token.refreshes", "{refresh}", "Access tokens refreshed."
        )

    def __call__(self, event: Event) -> None:
        attributes: dict[str, Any]
        match event:
            case RequestSent():
                self._request_sent(event)
            case RequestFinished():
                self._request_finished(event)
            case ReadStarted():
                name = f"read {event.path}"
                attributes = {"sage200.strategy": event.strategy}
                self._start(event.read_id, name, "INTERNAL", attributes)
            case ReadFinished():
                self._read_finished(event)
            case PageRead():
                attributes = {"records": event.records, "bytes": event.bytes}
                self._add_event(event.read_id, "page", attributes)
                self._records.add(event.records, {"sage200.resource": event.path})
            case PageSizeChanged():
                attributes = {"old": event.old, "new": event.new}
                self._add_event(event.read_id, "page size", attributes)
            case RetryScheduled():
                attributes = {"error.type": event.error, "delay": event.delay}
                self._add_event(event.read_id, "retry", attributes)
                self._retries.add(1, {"error.type": event.error})
            case TokenRefreshed():
                self._refreshes.add(1)
            case _:
                pass

    def _start(
        self, number: int, name: str, kind: str, attributes: Any, parent: int = 0
    ) -> None:
        parent_span = self._spans.get(parent)
        self._spans[number] = self._tracer.start_span(
            name,
            context=(
                self._trace.set_span_in_context(parent_span) if parent_span else None
            ),
            kind=self._trace.SpanKind[kind],
            attributes=attributes,
        )

    def _add_event(self, number: int, name: str, attributes: Any) -> None:
        span = self._spans.get(number)
        if span is not None:
            span.add_event(name, attributes)

    def _end(self, number: int, attributes: Any, error: str) -> None:
        span = self._spans.pop(number, None)
        if span is None:
            return
        span.set_attributes(attributes)
        if error:
            span.set_attribute("error.type", error)
            span.set_status(self._trace.StatusCode.ERROR, error)
        span.end()

    def _request_sent(self, event: RequestSent) -> None:
        attributes = {
            "http.request.method": event.method,
            "server.address": event.host.rpartition(":")[0] or event.host,
            "url.path": event.path,
        }
        name = f"{event.method} {_IDS.sub('/{id}', event.path) or 'token'}"
        self._start(event.request_number, name, "CLIENT", attributes, event.read_id)

    def _request_finished(self, event: RequestFinished) -> None:
        attributes: dict[str, Any] = {"http.response.body.size": event.bytes}
        if event.status:
            attributes["http.response.status_code"] = event.status
        if event.request_id:
            attributes["sage200.request_id"] = event.request_id
        self._end(event.request_number, attributes, event.error)
        labels = {"error.type": event.error} if event.error else {}
        if event.status:
            labels["http.response.status_code"] = str(event.status)
        self._seconds.record(event.seconds, labels)

    def _read_finished(self, event: ReadFinished) -> None:
        attributes = {"sage200.records": event.records, "sage200.pages": event.pages}
        self._end(event.read_id, attributes, event.error)
