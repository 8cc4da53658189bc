from __future__ import annotations

from collections import ChainMap

from hypothesis import given
from hypothesis import strategies as st

from graph.overlay import Overlay

SMALL = st.dictionaries(st.integers(0, 5), st.integers(0, 9))


@given(SMALL, SMALL, SMALL)
def test_an_overlay_looks_up_as_a_chain_of_mappings_does(
    lowest: dict[int, int], below: dict[int, int], own: dict[int, int]
) -> None:
    first: Overlay[int, int] = Overlay(lowest)
    first.update(below)
    overlay: Overlay[int, int] = Overlay(first)
    for key, value in own.items():
        overlay[key] = value
    chain = ChainMap(own, below, lowest)
    assert [overlay.get(key) for key in range(7)] == [chain.get(key) for key in range(7)]
    assert [overlay.get(key, -1) for key in range(7)] == [chain.get(key, -1) for key in range(7)]
    assert {key for key in range(7) if key in overlay} == set(chain)
    assert {key: overlay[key] for key in chain} == dict(chain)
    # What was put on top is taken over alone, and nothing below has changed.
    assert dict(overlay) == own
    assert dict(first) == below
    taken = dict(below)
    taken.update(overlay)
    assert taken == below | own
