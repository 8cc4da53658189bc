"""The standing part of a generated organization: people, teams, portfolios, goals and sprints.

It is a small share of all items and refers only to itself, so it is written first; of it, only counts are remembered.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np

from graph.batch import EdgeRow, NodeRow, Record, Ref
from workatlas.generator.words import AREAS, FAMILY, GIVEN, OUTCOMES

SOURCE: Final = "generated"
TODAY: Final = date(2026, 1, 5)
"""The day on which generated organizations live unless told otherwise."""
MIN_ITEMS: Final = 100
"""Fewer items cannot hold every kind of node and edge."""
SPRINTS: Final = 4
SPRINT_DAYS: Final = 14
KEY_RESULTS: Final = 3
_FAN_OUT: Final = 5
_ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Africa/Lagos")


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each standing kind an organization of a given number of items has."""

    people: int
    teams: int
    portfolios: int
    objectives: int

    @classmethod
    def of(cls, items: int) -> Size:
        """Return counts that grow with the number of items: about 60 items a person, 9 people a team."""
        people = max(9, items // 60)
        return cls(people, max(2, people // 9), max(2, items // 3000), max(3, items // 500))

    @property
    def leaves(self) -> range:
        """Objectives that have no objectives below them: those that work contributes to."""
        return range((self.objectives - 2) // _FAN_OUT + 1, self.objectives)

    def members(self, team: int) -> range:
        """People of a team, by index."""
        return range(team * self.people // self.teams, (team + 1) * self.people // self.teams)


def node(kind: str, key: str, properties: dict[str, object], identity: str | None = None) -> NodeRow:
    """Return a row whose identity in its source is its key."""
    return NodeRow(kind, SOURCE, key, properties, key=key, id=identity)


def edge(kind: str, start: str, end: str, properties: Mapping[str, object] | None = None) -> EdgeRow:
    """Return an edge between two keys."""
    return EdgeRow(kind, Ref("key", start), Ref("key", end), dict(properties or {}))


def instant(today: date, days: float) -> str:
    """Return the instant ``days`` after the beginning of ``today`` (negative: before), to the second."""
    day, second = divmod(round(days * 86_400), 86_400)
    minute, second = divmod(second, 60)
    return f"{_day(today, day)}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}Z"


@lru_cache(maxsize=4096)
def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def person_id(seed: int, index: int, today: date) -> str:
    """Return the id of a person, a UUID of version 7 that depends on nothing else; updates name their author by it."""
    millis = (today - date(1970, 1, 1)).days * 86_400_000
    noise = int.from_bytes(blake2b(f"{seed}/{index}".encode(), digest_size=8).digest(), "big") >> 2
    return str(uuid.UUID(int=millis << 80 | 7 << 76 | (index & 0xFFF) << 64 | 2 << 62 | noise))


def people_and_teams(size: Size, seed: int, today: date) -> Iterator[Record]:
    """Yield people and teams; teams and reporting lines are trees, the first member leads."""
    joined = instant(today, -900)
    for team in range(size.teams):
        area = AREAS[team % len(AREAS)][1]
        name = (
            f"{area.capitalize()} team" if team < len(AREAS) else f"{area.capitalize()} team {team // len(AREAS) + 1}"
        )
        yield node("Team", f"TEAM-{team + 1}", {"title": name, "kind": "team", "createdAt": joined})
        if team:
            yield edge("PART_OF", f"TEAM-{team + 1}", f"TEAM-{(team - 1) // _FAN_OUT + 1}")
    for team in range(size.teams):
        members = size.members(team)
        for index in members:
            yield _person(index, seed, today, joined)
        for index in members:
            lead = index == members[0]
            role = {"role": "lead" if lead else "member", "share": 1.0}
            yield edge("MEMBER_OF", f"P-{index + 1}", f"TEAM-{team + 1}", role)
            boss = members[0] if not lead else size.members((team - 1) // _FAN_OUT)[0] if team else None
            if boss is not None:
                yield edge("REPORTS_TO", f"P-{index + 1}", f"P-{boss + 1}")


def _person(index: int, seed: int, today: date, joined: str) -> NodeRow:
    given, family = GIVEN[index % len(GIVEN)], FAMILY[index * 7 % len(FAMILY)]
    cycle = index // (len(GIVEN) * len(FAMILY) // 2)
    properties: dict[str, object] = {
        "title": f"{given} {family}" + (f" {cycle + 1}" if cycle else ""),
        "timezone": _ZONES[index % len(_ZONES)],
        "weeklyHours": 40 if index % 6 else 24,
        "createdAt": joined,
    }
    return node("Person", f"P-{index + 1}", properties, person_id(seed, index, today))


def portfolios(size: Size, today: date) -> Iterator[Record]:
    """Yield portfolios, nested, each owned by a person."""
    for index in range(size.portfolios):
        title = f"{AREAS[index % len(AREAS)][1].capitalize()} portfolio"
        money: dict[str, object] = {"budget": 250_000 * (index % 7 + 1), "spentBudget": 40_000, "currency": "EUR"}
        yield node("Portfolio", f"PF-{index + 1}", {"title": title, "createdAt": instant(today, -700), **money})
        if index:
            yield edge("PART_OF", f"PF-{index + 1}", f"PF-{(index - 1) // _FAN_OUT + 1}")
        yield edge("OWNS", f"P-{index * 13 % size.people + 1}", f"PF-{index + 1}")


def goals(size: Size, rng: np.random.Generator, today: date) -> Iterator[Record]:
    """Yield objectives with key results: a tree by CONTRIBUTES_TO whose root belongs to the whole organization."""
    first, last = date(today.year, 1, 1), date(today.year, 12, 31)
    for index in range(size.objectives):
        title, measure, unit = OUTCOMES[index % len(OUTCOMES)]
        area = AREAS[index // len(OUTCOMES) % len(AREAS)][1]
        key = f"O-{index + 1}"
        level = "company" if index == 0 else "team" if index in size.leaves else "division"
        dates: dict[str, object] = {"periodStart": first.isoformat(), "periodEnd": last.isoformat()}
        created = {"createdAt": instant(today, -60)}
        yield node(
            "Objective",
            key,
            {"title": f"{title} ({area})", "status": "In progress", "level": level, **dates, **created}
            | ({"value": 10} if index == 0 else {}),
        )
        yield edge("OWNS", f"TEAM-{index % size.teams + 1}", key)
        if index:
            weight = {"weight": float(rng.integers(1, 5))}
            yield edge("CONTRIBUTES_TO", key, f"O-{(index - 1) // _FAN_OUT + 1}", weight)
        # Both ends are leaves and the later one waits, so that goals cannot wait for each other in a circle.
        if index - 1 in size.leaves and index % 3 == 0:
            yield edge("BLOCKS", f"O-{index}", key)
        for number in range(1, KEY_RESULTS + 1):
            start = float(rng.integers(10, 50))
            rises = bool(rng.integers(2))
            values: dict[str, object] = {
                "title": f"{measure.capitalize()} ({area}, {number})",
                "status": "In progress",
                "kind": "increase" if rises else "decrease",
                "unit": unit,
                "startValue": start,
                "targetValue": start * (2 if rises else 0.5),
                "weight": float(rng.integers(1, 4)),
            }
            yield node("KeyResult", f"{key}-KR{number}", values | dates | created)
            yield edge("PART_OF", f"{key}-KR{number}", key)


def sprints(size: Size, today: date) -> Iterator[Record]:
    """Yield each team's sprints; the last but one is running today."""
    for team in range(size.teams):
        for number in range(SPRINTS):
            start = today + timedelta(days=SPRINT_DAYS * (number - SPRINTS + 2))
            dates: dict[str, object] = {
                "start": start.isoformat(),
                "end": (start + timedelta(days=SPRINT_DAYS - 1)).isoformat(),
            }
            title = f"Sprint {number + 1} of team {team + 1}"
            yield node("Sprint", f"S-{team + 1}-{number + 1}", {"title": title, **dates})
