from __future__ import annotations

import re
import runpy
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import layout, svg
from analytics.networks import palette
from analytics.networks.drawing import _icon
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.test_chains import project
from tests.test_repository import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def drawn(graph: Any, goal: str = "O-1", **options: Any) -> ElementTree.Element:
    return ElementTree.fromstring(svg(layout(Snapshot.from_networkx(graph), goal, **options)))


def test_everything_that_a_box_shows_is_in_its_label() -> None:
    graph = project()
    picture = drawn(graph)
    labels = {node.get("aria-label", "") for node in picture.iter(f"{SVG}g") if node.get("role") == "img"}
    assert "Task X-1 Contract; can start now; on the worst chain; owned by Ann; leads to P-1:gate" in labels
    assert "What holds back the parts of P-1; on the worst chain; leads to T-1" in labels
    assert "Objective O-1; goal; on the worst chain" in labels
    assert len(labels) == 6
    assert picture.get("aria-labelledby") == "title description"
    assert {picture.find(f"{SVG}{name}").get("id") for name in ("title", "desc")} == {"title", "description"}  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_any_title_gives_well_formed_xml_within_its_frame(graph: Any, title: str) -> None:
    for node in graph:
        graph.nodes[node]["title"] = title
    picture = drawn(graph, "O-0")
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    boxes = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "box"]
    assert all(float(box.get("x", -1)) + float(box.get("width", 1e9)) <= width for box in boxes)
    assert all(float(box.get("y", -1)) + float(box.get("height", 1e9)) <= height for box in boxes)
    assert all(len(text.text or "") <= 80 for text in picture.iter(f"{SVG}text") if text.get("class") == "name")


def test_hostile_titles_stay_text() -> None:
    graph = project()
    graph.nodes["X-1"]["title"] = '"/><script>alert(1)</script>&amp;'
    picture = drawn(graph)
    assert not list(picture.iter(f"{SVG}script"))
    assert any("<script>" in node.get("aria-label", "") for node in picture.iter(f"{SVG}g"))


def test_the_file_needs_nothing_else_and_follows_the_scheme() -> None:
    text = svg(layout(Snapshot.from_networkx(project()), "O-1"))
    assert re.findall(r"https?://[^\"']+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|<image|href=|<foreignObject", text)
    assert "@media(prefers-color-scheme:dark)" in text


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_meet_level_aa(scheme: int) -> None:
    for pairs, least in ((palette.TEXT, 4.5), (palette.SHAPES, 3.0)):
        for one, other in pairs:
            assert palette.contrast(one[scheme], other[scheme]) >= least, (one, other)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert palette.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_states_and_kinds_differ_by_shape_not_by_colour_alone() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective")
    kinds = ("Task", "Issue", "Milestone", "Project")
    for number, kind in enumerate(kinds):
        graph.add_node(kind, kind=kind, remaining=8)
        graph.add_node(f"S-{number}", status=("PLANNED", "STARTED", "BLOCKED", "PLANNED")[number], remaining=8)
        graph.add_edge(f"S-{number}", kind)
        graph.add_edge(kind, "O-1", kind="CONTRIBUTES_TO")
    found = layout(Snapshot.from_networkx(graph), "O-1")
    assert {_icon(node) for node in found.nodes} == {"READY", "STARTED", "STALLED", "WAITING", "GOAL"}
    picture = ElementTree.fromstring(svg(found))
    shapes = {}
    for node in picture.iter(f"{SVG}g"):
        kind = node.get("aria-label", "").split(" ")[0]
        if kind in (*kinds, "Objective"):
            outline = [one for one in node if one.get("class") == "box"]
            drawing = re.sub(r"[\d.-]+", "#", outline[0].get("d", "")) or f"rect {outline[0].get('rx')} {len(outline)}"
            shapes[kind] = drawing
    assert len(set(shapes.values())) == len(shapes) == 5


def test_hidden_items_show_only_their_kind() -> None:
    snapshot = Snapshot.from_networkx(project())
    hidden = np.array([name in ("X-1", "Bob") for name in snapshot.names])
    text = svg(layout(snapshot, "O-1", hidden=hidden))
    assert "A Task that you may not see" in text
    assert not [word for word in ("X-1", "Contract", "Ann", "Bob") if word in text]


def test_an_empty_picture_is_one() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", status="DONE")
    assert "Nothing open stands before O-1." in "".join(drawn(graph).itertext())


def test_the_documents_picture_is_up_to_date() -> None:
    picture = runpy.run_path(str(ROOT / "scripts" / "generate_layout_picture.py"))["picture"]()
    assert (ROOT / "docs" / "rust-for-linux.svg").read_text(encoding="utf-8") == picture, (
        "run scripts/generate_layout_picture.py"
    )
