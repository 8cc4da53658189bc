"""Traces by OpenTelemetry, where an endpoint for them is set and the extra ``telemetry`` is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from opentelemetry import trace

from workatlas.errors import SettingsError

_MODULES: Final = (
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.sdk.resources",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
)
"""What the extra installs; imported by name, because it need not be there."""


def configure(environ: Mapping[str, str]) -> bool:
    """Begin to export spans to ``OTEL_EXPORTER_OTLP_ENDPOINT``; return whether one is set.

    Raises:
        SettingsError: It is set, and what exports is not installed.

    """
    if not environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return False
    try:
        sdk, processors, resources, exporter = map(import_module, _MODULES)
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but traces need more packages: install workatlas[telemetry]."
        ) from error
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": "workatlas"}))
    provider.add_span_processor(processors.BatchSpanProcessor(exporter.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
