"""The stream of records: first the standing part, then project after project until the number of items is reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain

import numpy as np

from graph.batch import NodeRow, Record
from workatlas.generator.organization import (
    MIN_ITEMS,
    TODAY,
    Size,
    goals,
    people_and_teams,
    portfolios,
    sprints,
)
from workatlas.generator.project import Project, Recent


def records(items: int, seed: int = 0, today: date = TODAY) -> Iterator[Record]:
    """Yield exactly ``items`` nodes and about three edges for each, nodes before the edges that need them.

    The same arguments give the same records (with the same version of NumPy, whose streams may change between
    versions). Time is linear in ``items``; memory is that of one project.

    Raises:
        ValueError: Fewer than ``MIN_ITEMS`` items were asked for.

    """
    if items < MIN_ITEMS:
        raise ValueError(f"{items} items cannot hold every kind of node and edge; ask for at least {MIN_ITEMS}.")
    size = Size.of(items)
    rng = np.random.Generator(np.random.PCG64(seed))
    left = items
    standing = chain(
        people_and_teams(size, seed, today), portfolios(size, today), goals(size, rng, today), sprints(size, today)
    )
    for record in standing:
        left -= isinstance(record, NodeRow)
        yield record
    recent = Recent()
    number = 0
    while left:
        project = Project(number, left, size, rng, seed, today, recent)
        left -= len(project.nodes)
        yield from project.nodes
        yield from project.edges
        number += 1
