"""Results of analyses are published as they are, and nothing that is no part of them can be."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass

import pytest

from resolvers.analyses.publishing import published


@dataclass(frozen=True)
class Inner:
    text: str


def test_an_attribute_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="Inner has no attribute 'colour'"):
        published(Inner, "", {"colour": ""})


def test_what_a_result_holds_is_published_before_it() -> None:
    outer = make_dataclass("Outer", [("inner", Inner)])
    with pytest.raises(TypeError, match=r"Outer\.inner: publish .*Inner.* before"):
        published(outer, "", {"inner": ""})


def test_only_dataclasses_are_published() -> None:
    with pytest.raises(TypeError, match="int is no dataclass"):
        published(int, "", {})
