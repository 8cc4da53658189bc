"""Logs are JSON lines with request ids and without secrets; traces are sent when asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from graph import store
from graph.connection import Connection
from tests.workatlas.client import Started, started
from workatlas import graphql_endpoint, logs, tracing
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import new_token
from workatlas.cli.serve import prepare
from workatlas.errors import SettingsError


@pytest.fixture
def json_logs() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    logs.configure("info")
    yield
    root.handlers, level = before[0], before[1]
    root.setLevel(level)


def test_every_line_of_a_request_carries_its_id(
    connection: Connection, json_logs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = f"logs-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, workspace))

    async def scenario() -> list[str]:
        async with started(create_app(AppOptions(connection, workspace))) as running:
            logs.configure("info")  # to the stream that is captured now
            return [await _id(running, "{ tasks(first: 3) { totalCount } }"), await _id(running, "{ nothing }")]

    ids = asyncio.run(scenario())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    requests = [line for line in lines if line["logger"] == "workatlas.requests"]
    assert [line["request_id"] for line in requests] == ids
    assert [line["code"] for line in requests] == ["", "GRAPHQL_VALIDATION_FAILED"]
    assert requests[0]["status"] == 200
    assert requests[0]["cost"] == 4
    assert requests[0]["workspace"] == workspace
    assert requests[0]["level"] == "info"
    assert requests[0]["timestamp"].endswith("Z")


async def _id(running: Started, query: str) -> str:
    return (await running.ask(query)).headers["x-request-id"]


def test_no_secret_reaches_the_log(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    token = new_token()[1]
    signed = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
    log = logging.getLogger("anything")
    log.warning("refused %s", token)
    log.warning("headers", extra={"authorization": f"Bearer {signed}", "other": f"bearer {token}"})
    log.warning("cannot reach bolt://neo4j:letmein@db.example:7687")
    try:
        raise ValueError(f"bad token {signed}")
    except ValueError:
        log.exception("failed")
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 4
    for secret in (token, signed, "letmein", "c2lnbmF0dXJl"):
        assert secret not in text
    assert text.count("(hidden)") >= 5
    assert "db.example:7687" in text


def test_requests_become_spans(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for module in (graphql_endpoint, store):
        monkeypatch.setattr(module, "_TRACER", provider.get_tracer("test"))
    workspace = f"logs-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, workspace))

    async def scenario() -> str:
        async with started(create_app(AppOptions(connection, workspace))) as running:
            return await _id(running, "{ tasks(first: 3) { totalCount } }")

    request_id = asyncio.run(scenario())
    spans = exporter.get_finished_spans()
    (span,) = [one for one in spans if one.name == "graphql"]
    (read,) = [one for one in spans if one.parent is not None]
    assert (read.name, dict(read.attributes or {})) == (
        "neo4j read", {"db.system.name": "neo4j", "db.namespace": connection.database},
    )  # fmt: skip
    assert read.parent == span.context
    assert dict(span.attributes or {}) == {
        "workatlas.request_id": request_id,
        "workatlas.cost": 4,
        "http.response.status_code": 200,
    }


def test_traces_need_an_endpoint_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracing.configure({}) is False
    monkeypatch.setattr(tracing, "_MODULES", ("opentelemetry.sdk.trace", "there.is.none"))
    with pytest.raises(SettingsError, match=r"install workatlas\[telemetry\]"):
        tracing.configure({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})


def test_importing_the_application_configures_no_logging() -> None:
    code = "import logging, workatlas.app; print(logging.getLogger().handlers)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
