"""Read Kubernetes enhancement proposals (``keps/**/kep.yaml``) with their readiness reviews, and ``sigs.yaml``.

A proposal is a `Project` in the portfolio of the group that owns it; its authors and the group own it, participating
groups are assigned. Review and approval are `Task`s, assigned to those who are named; so is each stage (alpha, beta,
stable), with its production readiness review. A release is an `Objective`, to which the stages that are targeted at it
contribute.

Review is taken to come before approval, approval before the first stage, and each stage before the next one, with
confidence 0.6: the process says so, the file does not. A proposal's status and stage say which of them are done. The
files give no effort, so none is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref, StatusNames
from workatlas.errors import ImportFailedError
from workatlas.importers.importer import ImportOptions
from workatlas.importers.k8s_files import (
    NOBODY,
    SOURCE,
    entries,
    handle_of,
    parsed,
    person,
    portfolio,
    release_of,
    team,
    where,
    without_addresses,
)
from workatlas.importers.k8s_sigs import groups, is_list_of_groups, person_row

INFERRED: Final = 0.6
STAGES: Final = ("alpha", "beta", "stable")
STATUSES: Final = {
    "provisional": "PLANNED",
    "implementable": "STARTED",
    "implemented": "DONE",
    "deferred": "BACKLOG",
    "rejected": "CANCELLED",
    "withdrawn": "CANCELLED",
    "replaced": "CANCELLED",
    "planned": "PLANNED",
    "in progress": "STARTED",
    "reached": "DONE",
    "dropped": "CANCELLED",
}
_PROPOSAL = re.compile(r"keps/[\w-]+/(\d+)-")


@dataclass(frozen=True, slots=True)
class _Proposal:
    number: int
    file: Path
    content: Mapping[str, Any]
    readiness: Mapping[str, Any]

    @property
    def project(self) -> Ref:
        return Ref(SOURCE, f"kep/{self.number}", "Project")

    @property
    def status(self) -> str:
        return str(self.content.get("status") or "").strip().lower()

    @property
    def dropped(self) -> bool:
        return STATUSES.get(self.status) == "CANCELLED"

    def part(self, name: str) -> Ref:
        return Ref(SOURCE, f"kep/{self.number}/{name}", "Task")

    def where(self, text: str) -> str:
        return where(self.file, text)

    def stages(self) -> dict[str, tuple[int, int] | None]:
        """Return the stages that the file names, in order, each with its release."""
        told = self.content.get("milestone")
        targets = told if isinstance(told, dict) else {}
        current = str(self.content.get("stage") or "").lower()
        releases = {stage: release_of(targets[stage]) for stage in STAGES if stage in targets}
        if current in STAGES and releases.get(current) is None:
            releases[current] = release_of(self.content.get("latest-milestone"))
        return {stage: releases[stage] for stage in STAGES if stage in releases}

    def standing(self, stage: str) -> str:
        """Return a stage's status, by the proposal's status and the stage that it is at."""
        if self.dropped:
            return "dropped"
        current = str(self.content.get("stage") or "").lower()
        at = STAGES.index(current) if current in STAGES else (len(STAGES) if self.status == "implemented" else -1)
        place = STAGES.index(stage)
        if place < at or (place == at and self.status == "implemented"):
            return "reached"
        return "in progress" if place == at and self.status == "implementable" else "planned"


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read every YAML file under the given paths.

    Anomalies: ``brokenYaml``, ``unknownFile``, ``duplicateId`` and those of ``k8s_sigs.groups``; ``unknownStatus``
    (taken as provisional), ``unknownPerson`` (nobody is assigned), ``badDate`` (left out), ``unknownProposal`` (a
    readiness review of a proposal that is not there; skipped).

    Raises:
        ImportFailedError: A path does not exist, or the source was to be renamed.

    """
    yield StatusNames(STATUSES)
    seen: set[str] = set()
    proposals: dict[int, tuple[Path, Mapping[str, Any]]] = {}
    reviews: dict[int, tuple[Path, Mapping[str, Any]]] = {}
    for file in _files(paths, options):
        content = parsed(file)
        if isinstance(content, Anomaly):
            yield content
        elif is_list_of_groups(content):
            yield from groups(content, file, seen)
        elif (number := _number(content)) is None:
            yield Anomaly("unknownFile", "it is neither a proposal nor a list of groups", f"{file}:1", skipped=True)
        elif (place := proposals if "title" in content else reviews).setdefault(number, (file, content))[0] != file:
            yield Anomaly("duplicateId", f"{number} is described in {place[number][0]}", f"{file}:1", skipped=True)
    for number, (file, _) in reviews.items():
        if number not in proposals:
            yield Anomaly("unknownProposal", f"there is no proposal {number}", f"{file}:1", skipped=True)
    made = [
        _Proposal(number, file, content, reviews[number][1] if number in reviews else {})
        for number, (file, content) in proposals.items()
    ]
    yield from _releases(made)
    for proposal in made:
        yield from _proposal(proposal, seen)


def _files(paths: Sequence[Path], options: ImportOptions) -> list[Path]:
    if options.source is not None:
        raise ImportFailedError("k8s-keps finds groups and proposals by their source; leave out the other name.")
    for path in paths:
        if not path.exists():
            raise ImportFailedError(f"{path} does not exist; name a folder or file of the upstream repositories.")
    return [file for path in paths for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]


def _number(content: Mapping[str, Any]) -> int | None:
    told = str(content.get("kep-number", "")).strip()
    return int(told) if told.isdecimal() else None


def _release(release: tuple[int, int]) -> Ref:
    return Ref(SOURCE, f"release/v{release[0]}.{release[1]}", "Objective")


def _releases(proposals: Iterable[_Proposal]) -> Iterator[Record]:
    """Yield the releases that stages are targeted at; one is reached when all of them are, or are dropped."""
    open_stages: dict[tuple[int, int], list[str]] = {}
    first: dict[tuple[int, int], str] = {}
    for proposal in proposals:
        for stage, release in proposal.stages().items():
            if release is not None:
                waiting = open_stages.setdefault(release, [])
                first.setdefault(release, proposal.where(f"{stage}:"))
                if proposal.standing(stage) not in ("reached", "dropped"):
                    waiting.append(stage)
    for release in sorted(open_stages):
        name = f"v{release[0]}.{release[1]}"
        status = "in progress" if open_stages[release] else "reached"
        properties: dict[str, object] = {"title": f"Kubernetes {name}", "status": status, "level": "release"}
        yield NodeRow("Objective", SOURCE, _release(release).value, properties, key=name, where=first[release])


def _proposal(proposal: _Proposal, seen: set[str]) -> Iterator[Record]:
    content, place = proposal.content, f"{proposal.file}:1"
    status = proposal.status
    if status not in STATUSES:
        yield Anomaly("unknownStatus", f"{status!r} is taken as provisional", proposal.where("status:"))
        status = "provisional"
    properties: dict[str, object] = {
        "title": str(content["title"]).strip() or f"KEP-{proposal.number}",
        "status": status,
        "url": f"https://github.com/kubernetes/enhancements/issues/{proposal.number}",
    }
    created = str(content.get("creation-date") or "").strip()
    if created.lower() not in NOBODY:
        try:
            properties["createdAt"] = f"{date.fromisoformat(created)}T00:00:00Z"
        except ValueError:
            yield Anomaly("badDate", f"creation-date {created!r} is no day", proposal.where("creation-date:"))
    if described := _described(content):
        properties["description"] = described
    key = f"KEP-{proposal.number}"
    yield NodeRow("Project", SOURCE, proposal.project.value, properties, key=key, where=place)
    yield from _owners(proposal, seen)
    yield from _steps(proposal, seen)
    yield from _relations(proposal)


def _described(content: Mapping[str, Any]) -> str:
    """Return what has no place of its own in the model, as text."""
    gates = [gate.get("name") for gate in entries(content.get("feature-gates")) if isinstance(gate, dict)]
    others = [
        without_addresses(str(link))
        for name in ("see-also", "replaces")
        for link in entries(content.get(name))
        if not _PROPOSAL.search(str(link)) and str(link).strip().lower() not in NOBODY
    ]
    lines = (("Feature gates", [str(gate) for gate in gates if gate]), ("See also", others))
    return "\n\n".join(f"{name}: {', '.join(values)}" for name, values in lines if values)


def _people(proposal: _Proposal, told: object, name: str, seen: set[str]) -> Iterator[NodeRow | Anomaly | str]:
    """Yield the handles that a field names, each person's row before the first mention."""
    handles: dict[str, str] = {}
    for entry in entries(told):
        if str(entry).strip().lower() in NOBODY:
            continue
        handle = handle_of(entry)
        if handle is None:
            yield Anomaly("unknownPerson", f"an entry of {name} is no GitHub handle", proposal.where(f"{name}:"))
        else:
            handles.setdefault(handle.lower(), handle)
    for handle in handles.values():
        if person(handle).value not in seen:
            seen.add(person(handle).value)
            yield person_row(handle, handle, proposal.where(handle))
        yield handle


def _owners(proposal: _Proposal, seen: set[str]) -> Iterator[Record]:
    content = proposal.content
    for found in _people(proposal, content.get("authors"), "authors", seen):
        if isinstance(found, str):
            yield _edge("OWNS", person(found), proposal.project, proposal.where("authors:"))
        else:
            yield found
    owning = str(content.get("owning-sig") or "").strip()
    if owning.lower() not in NOBODY:
        place = proposal.where("owning-sig:")
        yield _edge("OWNS", team(owning), proposal.project, place)
        yield _edge("PART_OF", proposal.project, portfolio(owning), place)
    named = (str(sig).strip() for sig in entries(content.get("participating-sigs")))
    for sig in dict.fromkeys(sig for sig in named if sig.lower() not in NOBODY and sig != owning):
        yield _edge("ASSIGNED_TO", proposal.project, team(sig), proposal.where("participating-sigs:"))


def _steps(proposal: _Proposal, seen: set[str]) -> Iterator[Record]:
    """Yield review, approval, stages and their readiness reviews, each a task, in the order of the process."""
    decided = "dropped" if proposal.dropped else "planned" if STATUSES.get(proposal.status) != "STARTED" else "reached"
    decided = "reached" if proposal.status == "implemented" else decided
    row: list[Ref] = []
    for name, title, field in (("review", "Review", "reviewers"), ("approval", "Approval", "approvers")):
        yield from _task(proposal, name, title, decided, f"{field}:")
        yield from _assigned(proposal, name, proposal.content.get(field), field, seen)
        row.append(proposal.part(name))
    for stage, release in proposal.stages().items():
        standing, place = proposal.standing(stage), proposal.where(f"{stage}:")
        yield from _task(proposal, stage, f"Graduation to {stage}", standing, f"{stage}:")
        row.append(proposal.part(stage))
        if release is not None:
            yield _edge("CONTRIBUTES_TO", proposal.part(stage), _release(release), place)
        told = proposal.readiness.get(stage)
        if isinstance(told, dict):
            name = f"{stage}-readiness"
            checked = "dropped" if proposal.dropped else "reached"  # the file is merged when the review is over
            yield from _task(proposal, name, f"Production readiness review for {stage}", checked, f"{stage}:")
            yield from _assigned(proposal, name, told.get("approver"), "approver", seen)
            yield _edge("BLOCKS", proposal.part(name), proposal.part(stage), place)
    for before, after in pairwise(row):
        yield _edge("BLOCKS", before, after, f"{proposal.file}:1", confidence=INFERRED)


def _task(proposal: _Proposal, name: str, title: str, status: str, text: str) -> Iterator[Record]:
    place, task = proposal.where(text), proposal.part(name)
    properties: dict[str, object] = {"title": title, "status": status}
    yield NodeRow("Task", SOURCE, task.value, properties, key=f"KEP-{proposal.number}-{name}", where=place)
    yield _edge("PART_OF", task, proposal.project, place)


def _assigned(proposal: _Proposal, name: str, told: object, field: str, seen: set[str]) -> Iterator[Record]:
    for found in _people(proposal, told, field, seen):
        if isinstance(found, str):
            yield _edge("ASSIGNED_TO", proposal.part(name), person(found), proposal.where(f"{field}:"))
        else:
            yield found


def _relations(proposal: _Proposal) -> Iterator[Record]:
    """Yield how a proposal is related to others: one edge for each pair and kind, none to itself."""
    made: set[tuple[str, Ref, Ref]] = set()
    for field, kind in (("see-also", "RELATES_TO"), ("replaces", "SUPERSEDES"), ("superseded-by", "SUPERSEDES")):
        for link in entries(proposal.content.get(field)):
            found = _PROPOSAL.search(str(link))
            if found is None or int(found[1]) == proposal.number:
                continue
            other = Ref(SOURCE, f"kep/{int(found[1])}", "Project")
            ends = (other, proposal.project) if field == "superseded-by" else (proposal.project, other)
            if (kind, *ends) not in made:
                made.add((kind, *ends))
                yield _edge(kind, *ends, proposal.where(f"{field}:"))


def _edge(kind: str, start: Ref, end: Ref, place: str, confidence: float = 1.0) -> EdgeRow:
    properties: dict[str, object] = {"source": SOURCE}
    if confidence < 1:
        properties["confidence"] = confidence
    return EdgeRow(kind, start, end, properties, where=place)
