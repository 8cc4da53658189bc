"""The bundled sample: the Rust project's goals of 2025H1 with the teams and people they name (see NOTICE)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

SAMPLE: Path = Path(str(files(__name__) / "rust-2025h1.jsonl"))
"""The sample in the native exchange format, as ``examples/rust_sample.py`` builds it."""
