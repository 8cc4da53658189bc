"""One generated project: its tasks in the order of time, waits among them, milestones, issues, chores and reports.

Every wait runs from an earlier leaf to a later one, within the project and from earlier projects to later ones, so the
expanded graph has no cycle. A task starts after what it waits for, and statuses follow from the dates, so history and
state agree.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from graph.batch import EdgeRow, NodeRow
from workatlas.generator.organization import (
    KEY_RESULTS,
    SPRINT_DAYS,
    SPRINTS,
    Size,
    edge,
    instant,
    node,
    person_id,
)
from workatlas.generator.words import AREAS, CHORES, SYMPTOMS, THINGS, VERBS

_PRIORITIES: Final = ("LOW", "MEDIUM", "MEDIUM", "HIGH", "URGENT")
_SEVERITIES: Final = ("LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "CRITICAL")
_TYPES: Final = ("FS",) * 17 + ("SS", "FF", "SF")
_CLOSED: Final = frozenset({"Done", "Cancelled"})
_SMALLEST: Final = 24
"""Nodes that a project needs to show every kind of work."""
_HOURS_A_DAY: Final = 6.0
_REMEMBERED: Final = 500


class _Leaf(NamedTuple):
    """A task without parts; start and finish in days from today."""

    key: str
    start: float
    finish: float
    status: str


_finish = attrgetter("finish")


@dataclass(slots=True)
class Recent:
    """What later projects may refer to: open leaves of earlier projects, and the last whole project."""

    leaves: deque[_Leaf] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    project: str | None = None


@dataclass(slots=True)
class _Draws:
    """Random numbers for a project, drawn in blocks: one call a column costs far less than one a value."""

    chance: list[list[float]]
    pick: list[list[int]]

    @classmethod
    def of(cls, rng: np.random.Generator, count: int) -> _Draws:
        return cls(rng.random((count, 10)).tolist(), rng.integers(0, 1 << 30, (count, 6)).tolist())


class Project:
    """Generates one project on construction: at most ``room`` nodes, and the edges among what exists by then."""

    def __init__(
        self, number: int, room: int, size: Size, rng: np.random.Generator, seed: int, today: date, recent: Recent
    ) -> None:
        self.nodes: list[NodeRow] = []
        self.edges: list[EdgeRow] = []
        self._number, self._size, self._seed, self._today, self._recent = number, size, seed, today, recent
        code = AREAS[number % len(AREAS)][0]
        self._key = f"{code}{number // len(AREAS) + 1}"
        self._team = int(rng.integers(size.teams))
        self._serial = 0
        tasks = int(np.clip(rng.lognormal(4.0, 0.55), 20, 200))
        total = min(room, tasks * 4 // 3 + 4)
        if room - total < _SMALLEST:
            total = room
        self._begin = float(rng.uniform(-260, 60)) if number else -20.0
        self._draws = _Draws.of(rng, total + 8)
        self._leaves: list[_Leaf] = []
        self._fill(total)

    def _fill(self, total: int) -> None:
        self._head()
        reports = max(1, total // 25)
        milestones = max(1, total // 40)
        issues = max(2, total * 15 // 100)
        tasks = total - 2 - reports - milestones - issues
        chore = self._chore() if tasks > 4 else None
        self._tasks(tasks, milestones, chore)
        self._close(self.nodes[0].properties, self._leaves)
        self._issues(total - len(self.nodes) - reports)
        self._reports(total - len(self.nodes))
        self._recent.project = self._key
        self._recent.leaves.extend(leaf for leaf in self._leaves[::9] if leaf.status not in _CLOSED)

    def _add(self, kind: str, key: str, properties: dict[str, object]) -> None:
        self.nodes.append(node(kind, key, properties))

    def _link(self, kind: str, start: str, end: str, properties: dict[str, object] | None = None) -> None:
        self.edges.append(edge(kind, start, end, properties))

    def _next(self) -> str:
        self._serial += 1
        return f"{self._key}-{self._serial}"

    def _person(self, chance: float) -> int:
        """Pick a member of the team; the first members carry most of the load, as in most real teams."""
        members = self._size.members(self._team)
        return members[int(len(members) * chance**2.5)]

    def _head(self) -> None:
        area = AREAS[self._number % len(AREAS)][1]
        chance, pick = self._draws.chance[-1], self._draws.pick[-1]
        goal = self._size.leaves[pick[0] % len(self._size.leaves)] + 1
        budget = float(20_000 + pick[1] % 400 * 1000)
        properties: dict[str, object] = {
            "title": f"{VERBS[pick[2] % len(VERBS)]} {THINGS[pick[3] % len(THINGS)]} for {area}",
            "status": "Planned",
            "priority": _PRIORITIES[pick[4] % 5],
            "start": (self._today + timedelta(days=int(self._begin))).isoformat(),
            "due": (self._today + timedelta(days=int(self._begin + 200))).isoformat(),
            "createdAt": instant(self._today, min(self._begin, 0.0) - 30),
            "budget": budget,
            "spentBudget": round(budget * chance[0], 2),
            "currency": "EUR",
        }
        self._add("Project", self._key, properties)
        self._link("OWNS", f"P-{self._person(chance[1]) + 1}", self._key)
        self._link("PART_OF", self._key, f"PF-{pick[5] % self._size.portfolios + 1}")
        target = f"O-{goal}" if chance[2] < 0.5 else f"O-{goal}-KR{pick[1] % KEY_RESULTS + 1}"
        self._link("CONTRIBUTES_TO", self._key, target, {"weight": float(pick[2] % 4 + 1)})
        if self._recent.project is not None and chance[3] < 0.3:
            kind = "SUPERSEDES" if chance[4] < 0.2 else "RELATES_TO"
            self._link(kind, self._key, self._recent.project)

    def _chore(self) -> str:
        title, rule = CHORES[self._number % len(CHORES)]
        key = f"{self._key}-OP"
        zone = "Europe/Berlin"
        properties: dict[str, object] = {
            "title": title,
            "rrule": rule,
            "timezone": zone,
            "template": {"title": title, "estimate": 2},
            "nextAt": instant(self._today, 7.375),
            "createdAt": instant(self._today, min(self._begin, 0.0) - 20),
        }
        self._add("Operation", key, properties)
        self._link("PART_OF", key, self._key)
        self._link("OWNS", f"TEAM-{self._team + 1}", key)
        goal = self._size.leaves[self._number % len(self._size.leaves)] + 1
        self._link("CONTRIBUTES_TO", key, f"O-{goal}", {"weight": 0.5})
        return key

    def _tasks(self, count: int, milestones: int, chore: str | None) -> None:
        every = max(2, count // milestones)
        whole, inner, first, parts_left, behind = self._key, None, 0, 0, 0
        last_milestone: str | None = None
        for index in range(count):
            chance, pick = self._draws.chance[index], self._draws.pick[index]
            if parts_left == 0 and chance[0] < 0.06 and index + 6 < count:
                whole, inner = self._container(pick)
                first, parts_left = len(self._leaves), 2 + pick[0] % 4
                continue
            spawned = chore is not None and (chance[1] < 0.04 or index == count - 1)
            leaf = self._task(index, whole, chance, pick, 0 if spawned else behind)
            behind = 0 if chance[2] < 0.3 else min(behind + 1, 6)
            if spawned and chore is not None:
                self._link("SPAWNED_FROM", leaf.key, chore, {"occurrence": instant(self._today, round(leaf.finish))})
            parts_left -= parts_left > 0
            if inner is not None and parts_left == 0:
                self._close(inner, self._leaves[first:])
                whole, inner = self._key, None
            if index % every == every - 1 and milestones > 1 and inner is None:
                last_milestone = self._milestone(leaf, last_milestone)
                milestones -= 1
        for _ in range(milestones):
            last_milestone = self._milestone(max(self._leaves, key=_finish), last_milestone)

    def _container(self, pick: list[int]) -> tuple[str, dict[str, object]]:
        """Add a task with parts: it has no effort of its own, and nothing waits for it but through its parts."""
        key = self._next()
        properties: dict[str, object] = {
            "title": f"{THINGS[pick[1] % len(THINGS)].capitalize()}: all parts",
            "status": "Planned",
            "createdAt": instant(self._today, min(self._begin, 0.0) - 10),
        }
        self._add("Task", key, properties)
        self._link("PART_OF", key, self._key)
        return key, properties

    def _close(self, properties: dict[str, object], parts: list[_Leaf]) -> None:
        """Give a whole the status and instants that follow from its parts."""
        if all(part.status in _CLOSED for part in parts):
            properties["status"] = "Done"
            properties["completedAt"] = instant(self._today, max(part.finish for part in parts))
        elif any(part.start < 0 for part in parts):
            properties["status"] = "In progress"
        if properties["status"] != "Planned":
            properties["startedAt"] = instant(self._today, min(part.start for part in parts))

    def _task(self, index: int, whole: str, chance: list[float], pick: list[int], behind: int) -> _Leaf:
        key = self._next()
        waits, ready = self._waits(index, chance, pick, behind)
        estimate = float(2 + int(28 * chance[3] ** 3) * 2)
        start = ready + 6 * chance[4]
        finish = start + estimate / _HOURS_A_DAY * (0.7 + chance[5])
        status, times = self._progress(start, finish, chance[6])
        properties: dict[str, object] = {
            "title": f"{VERBS[pick[1] % len(VERBS)]} {THINGS[pick[2] % len(THINGS)]}",
            "status": status,
            "priority": _PRIORITIES[pick[3] % 5],
            "estimate": estimate,
            **times,
        }
        if status == "In progress" or status == "Blocked":
            share = min(0.95, max(0.05, -start / (finish - start)))
            properties |= {"remaining": round(estimate * (1 - share), 1), "spent": round(estimate * share, 1)}
        elif status == "Done":
            properties["spent"] = round(estimate * (0.7 + chance[5]), 1)
        if chance[7] < 0.4:
            properties["due"] = (self._today + timedelta(days=int(finish + 10 * chance[8] - 2))).isoformat()
        self._add("Task", key, properties)
        self._link("PART_OF", key, whole)
        for before, wait in waits:
            self._link("BLOCKS", before, key, wait)
        if chance[8] > 0.05:
            who = f"P-{self._person(chance[9]) + 1}" if chance[9] < 0.97 else f"TEAM-{self._team + 1}"
            self._link("ASSIGNED_TO", key, who, {"share": 1.0 if chance[5] < 0.7 else 0.5})
        self._sprint(key, start, status)
        if self._leaves and (chance[7] > 0.97 or len(self._leaves) == 1):
            self._link("RELATES_TO", key, self._leaves[-1].key)
        if self._leaves and (self._leaves[-1].status == "Cancelled" or (self._number == 0 and len(self._leaves) == 1)):
            self._link("SUPERSEDES", key, self._leaves[-1].key)
        self._leaves.append(_Leaf(key, start, finish, status))
        return self._leaves[-1]

    def _waits(
        self, index: int, chance: list[float], pick: list[int], behind: int
    ) -> tuple[list[tuple[str, dict[str, object]]], float]:
        """Choose what the task waits for; return it with the day on which all of it is over."""
        found: list[_Leaf] = []
        if behind and self._leaves:
            found.append(self._leaves[-1])
        if chance[1] > 0.85 and len(self._leaves) > 3:
            found.append(self._leaves[-2 - pick[4] % (len(self._leaves) - 2)])
        if chance[6] > 0.95 and self._recent.leaves:
            found.append(self._recent.leaves[pick[5] % len(self._recent.leaves)])
        ready = max((leaf.finish for leaf in found), default=self._begin + index * 0.5)
        waits: dict[str, dict[str, object]] = {}
        for key in {leaf.key: None for leaf in found}:
            kind = _TYPES[pick[0] % len(_TYPES)] if len(found) == 1 else "FS"
            waits[key] = {"type": kind, "lag": 8.0 if chance[3] > 0.95 else 0.0}
        return list(waits.items()), ready

    def _progress(self, start: float, finish: float, chance: float) -> tuple[str, dict[str, object]]:
        """Return a status and instants that agree with it, today being day 0."""
        created = min(start, 0.0) - 3 - 20 * chance
        times: dict[str, object] = {"createdAt": instant(self._today, created)}
        if finish < 0:
            if chance < 0.04:
                times["completedAt"] = instant(self._today, finish)
                return "Cancelled", times
            times |= {"startedAt": instant(self._today, start), "completedAt": instant(self._today, finish)}
            return "Done", times
        if start < 0:
            times["startedAt"] = instant(self._today, start)
            return ("Blocked" if chance < 0.12 else "In progress"), times
        return ("Planned" if start < 60 else "Backlog"), times

    def _sprint(self, key: str, start: float, status: str) -> None:
        day = 0.0 if status in {"In progress", "Blocked"} else start
        number = int(day // SPRINT_DAYS) + SPRINTS - 2
        if 0 <= number < SPRINTS and status != "Cancelled":
            self._link("IN_SPRINT", key, f"S-{self._team + 1}-{number + 1}")

    def _milestone(self, after: _Leaf, before: str | None) -> str:
        key, finish = self._next(), max(leaf.finish for leaf in self._leaves)
        status = "Done" if finish < 0 else "Planned"
        properties: dict[str, object] = {
            "title": f"Milestone: {THINGS[self._serial % len(THINGS)]}",
            "status": status,
            "deliverable": self._serial % 2 == 0,
            "due": (self._today + timedelta(days=int(finish) + 2)).isoformat(),
            "createdAt": instant(self._today, min(self._begin, 0.0) - 9),
        }
        if status == "Done":
            properties["completedAt"] = instant(self._today, finish)
        self._add("Milestone", key, properties)
        self._link("PART_OF", key, self._key)
        self._link("BLOCKS", after.key, key, {"type": "FS", "lag": 0.0})
        if before is not None:
            self._link("BLOCKS", before, key, {"type": "FS", "lag": 0.0})
        return key

    def _issues(self, count: int) -> None:
        for index in range(count):
            chance, pick = self._draws.chance[-2 - index], self._draws.pick[-2 - index]
            key = self._next()
            reported = -150 * chance[0] ** 2 - 0.1
            triaged, resolved = reported + 3 * chance[1], reported + 3 * chance[1] + 25 * chance[2]
            if self.nodes[0].properties["status"] == "Done":
                triaged, resolved = min(triaged, reported / 2), min(resolved, reported / 4)
            properties: dict[str, object] = {
                "title": f"{THINGS[pick[0] % len(THINGS)].capitalize()} {SYMPTOMS[pick[1] % len(SYMPTOMS)]}",
                "createdAt": instant(self._today, reported),
                "reportedAt": instant(self._today, reported),
                "status": "Triage",
            }
            if triaged < 0:
                triage = {"severity": _SEVERITIES[pick[2] % 6], "triagedAt": instant(self._today, triaged)}
                properties |= {**triage, "status": "In progress", "startedAt": triage["triagedAt"]}
            if resolved < 0:
                over = instant(self._today, resolved)
                properties |= {"status": "Done", "resolvedAt": over, "completedAt": over, "resolution": "fixed"}
            self._add("Issue", key, properties)
            self._issue_edges(index, key, reported, triaged, chance, pick)

    def _issue_edges(
        self, index: int, key: str, reported: float, triaged: float, chance: list[float], pick: list[int]
    ) -> None:
        self._link("PART_OF", key, self._key)
        harmed = self._leaves[pick[3] % len(self._leaves)].key
        self._link("AFFECTS", key, harmed)
        if triaged < 0:
            self._link("ASSIGNED_TO", key, f"P-{self._person(chance[3]) + 1}")
        if index and (chance[5] < 0.05 or (self._number == 0 and index == 1)) and self.nodes[-2].kind == "Issue":
            self._link("DUPLICATES", key, str(self.nodes[-2].key))
        if chance[4] < 0.1 or (self._number == 0 and index == 0):
            escalation: dict[str, object] = {
                "at": instant(self._today, reported / 2),
                "reason": "A customer waits for it.",
            }
            self._link("ESCALATED_TO", key, f"TEAM-{pick[4] % self._size.teams + 1}", escalation)

    def _reports(self, count: int) -> None:
        """Yield dated reports on the project and, from every third project, on a key result and its objective."""
        goal = self._size.leaves[self._number % len(self._size.leaves)] + 1
        targets = [self._key, f"O-{goal}-KR{self._number % KEY_RESULTS + 1}", f"O-{goal}"]
        for index in range(count):
            chance = self._draws.chance[index]
            day = -7.0 * (count - index) + 6 * chance[0]
            author = self._person(chance[1])
            confidence = round(0.3 + 0.7 * chance[2], 2)
            health = "ON_TRACK" if confidence > 0.6 else "AT_RISK" if confidence > 0.4 else "OFF_TRACK"
            target = targets[index % len(targets)] if self._number % 3 == 0 else self._key
            properties: dict[str, object] = {
                "title": f"Week {count - index} before today",
                "at": instant(self._today, day),
                "createdAt": instant(self._today, day),
                "health": health,
                "confidence": confidence,
                "body": f"{health.replace('_', ' ').capitalize()}: next is {THINGS[index % len(THINGS)]}.",
                "author": person_id(self._seed, author, self._today),
            }
            if "-KR" in target:
                properties["value"] = round(20 + 30 * chance[3], 1)
            key = f"{self._key}-U{index + 1}"
            self._add("Update", key, properties)
            self._link("REPORTS_ON", key, target)
