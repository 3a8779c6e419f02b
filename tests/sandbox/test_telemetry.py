"""Spans and metrics, as OpenTelemetry's own SDK receives them."""

import asyncio
import subprocess
import sys

import pytest
from aiohttp import web
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sage200_async import Sage200Client
from sage200_async.errors import NotFound
from sage200_async.sandbox import Sandbox
from sage200_async.telemetry import instrument
from sage200_async.transport import Clock


class Instant(Clock):
    """A clock on which sleeping takes no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def instrumented(on_sandbox, secret_leak_detector):
    """Run a coroutine function with an instrumented client; return spans and metrics."""

    def run(body, **options):
        exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(exporter))
        meters = MeterProvider([reader])

        async def main(client: Sage200Client, sandbox: Sandbox) -> None:
            stop = instrument(client, tracers, meters)
            await body(client, sandbox)
            stop()
            await client.customers.first()

        on_sandbox(main, clock=Instant, **options)
        data = reader.get_metrics_data()
        assert data is not None
        [scope] = data.resource_metrics[0].scope_metrics
        metrics = {metric.name: metric.data.data_points for metric in scope.metrics}
        spans = exporter.get_finished_spans()
        exported = " ".join(span.to_json() for span in spans) + repr(data)
        assert not [
            secret for secret in secret_leak_detector.secrets if secret in exported
        ]
        return spans, metrics

    return run


def test_a_read_is_a_span_around_one_for_each_request(instrumented) -> None:
    """A read is a span with its records and pages; each request is a span inside it."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        assert (
            len([customer async for customer in client.customers.page_size(600)])
            == 1500
        )

    spans, metrics = instrumented(body, records={"customers": 1500})
    [reading] = [span for span in spans if span.name == "read customers"]
    requests = [span for span in spans if span.name == "GET customers"]
    [token] = [span for span in spans if span.name == "POST token"]
    assert reading.attributes["sage200.records"] == 1500
    assert reading.attributes["sage200.pages"] == 3
    assert len(requests) == 4  # three pages, and the highest key
    for span in requests:
        assert span.parent.span_id == reading.context.span_id
        assert span.attributes["http.response.status_code"] == 200
        assert span.attributes["http.request.method"] == "GET"
    assert token.status.is_unset
    [counted] = metrics["sage200.records"]
    assert counted.value == 1500
    assert sum(point.count for point in metrics["http.client.request.duration"]) == 5


def test_failures_and_retries(instrumented) -> None:
    """A failed attempt is a span with its error; the read records each retry."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        async def once(_: web.Request) -> web.StreamResponse:
            sandbox.request_hook = None
            return web.Response(status=503, headers={"X-Request-Id": "r-17"})

        sandbox.request_hook = once
        assert len([customer async for customer in client.customers]) == 5
        with pytest.raises(NotFound):
            await client.customers.get(999_999)

    spans, metrics = instrumented(body, records={"customers": 5})
    failed = [
        span for span in spans if not span.status.is_ok and span.status.description
    ]
    assert [(span.name, span.status.description) for span in failed] == [
        ("GET customers", "ServerError"),
        ("GET customers/{id}", "NotFound"),
    ]
    assert failed[0].attributes["sage200.request_id"] == "r-17"
    [reading] = [span for span in spans if span.name == "read customers"]
    assert [event.name for event in reading.events] == ["retry", "page size", "page"]
    [retries] = metrics["sage200.retries"]
    assert retries.value == 1


def test_a_missing_extra_is_one_line() -> None:
    """Without OpenTelemetry, the error says what to install."""
    code = (
        "import sys; sys.modules['opentelemetry.trace'] = None\n"
        "from sage200_async.telemetry import instrument\n"
        "try:\n    instrument(None)\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "telemetry needs opentelemetry.trace, which is not installed: "
        "pip install 'sage200-async[otel]'\n"
    )
