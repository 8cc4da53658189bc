"""Write ``docs/rust-for-linux.svg``: what stands before a flagship goal of the bundled sample; a test compares the two.

``python scripts/generate_layout_picture.py`` is run after every change of the drawing, the layout or the sample.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx

from analytics import layout, svg
from graph.snapshots.snapshot import Snapshot
from workatlas.sample import SAMPLE

GOAL = "2025h1/rfl"
TODAY = date(2025, 3, 3)
PICTURE = Path(__file__).resolve().parents[1] / "docs" / "rust-for-linux.svg"


def sample() -> Snapshot:
    """Return the bundled sample as a snapshot, without a database."""
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    categories = {name: value for line in lines if "meta" in line for name, value in line["values"].items()}
    keys = {f"{line['source']}:{line['sourceId']}": line["key"] for line in lines if "node" in line}
    graph: Any = nx.MultiDiGraph()
    for line in lines:
        if "node" in line:
            status = categories.get(line.get("status", ""))
            named = {"kind": line["node"], "title": line["title"], "status": status, "value": line.get("value")}
            graph.add_node(line["key"], remaining=None, **named)
    for line in lines:
        if "edge" in line:
            ends = (keys.get(line[end], line[end]) for end in ("from", "to"))
            graph.add_edge(*ends, kind=line["edge"], confidence=line.get("confidence", 1.0))
    return Snapshot.from_networkx(graph)


def picture() -> str:
    """Return the picture's text."""
    return svg(layout(sample(), GOAL, today=TODAY))


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
