"""Build the bundled sample from the Rust project's goals and teams.

    python -m examples.rust_sample rust-project-goals/src/2025h1 team workatlas/sample/rust-2025h1.jsonl

The arguments are folders of the two upstream repositories and the file to write. Of the teams, those stay that a goal
names, with the teams they belong to and their members; of the people, those whom a goal or such a team names. The same
folders always give the same bytes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref
from workatlas.exporters.jsonl import lines
from workatlas.importers import rust_goals, rust_team
from workatlas.importers.importer import ImportOptions

_ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+\.[a-z]{2,}")


def build(goals: Path, teams: Path) -> bytes:
    """Return the sample in the native exchange format.

    Raises:
        ValueError: An e-mail address got through.

    """
    options = ImportOptions()
    work = [record for record in rust_goals.read([goals], options) if not isinstance(record, Anomaly)]
    organization = list(rust_team.read([teams], options))
    named = {end.value for record in work if isinstance(record, EdgeRow) for end in (record.start, record.end)}
    kept = _close(named, organization)
    sample = b"".join(lines([*_select(organization, kept), *_strangers(work, organization), *work]))
    if address := _ADDRESS.search(sample):
        raise ValueError(f"{address[0].decode()} is an e-mail address; leave it out in the importer")
    return sample


def _close(named: set[str], organization: Iterable[Record]) -> set[str]:
    """Add to the named items the teams above them and the members of all those teams."""
    edges = [record for record in organization if isinstance(record, EdgeRow)]
    above = {edge.start.value: edge.end.value for edge in edges if edge.kind == "PART_OF"}
    kept = set(named)
    for team in named:
        while team in above:
            team = above[team]
            kept.add(team)
    kept |= {edge.start.value for edge in edges if edge.kind == "MEMBER_OF" and edge.end.value in kept}
    return kept


def _select(organization: Iterable[Record], kept: set[str]) -> Iterable[Record]:
    for record in organization:
        match record:
            case NodeRow() if record.source_id in kept:
                yield record
            case EdgeRow() if record.start.value in kept and record.end.value in kept:
                yield record
            case _:
                continue


def _strangers(work: Iterable[Record], organization: Iterable[Record]) -> Iterable[NodeRow]:
    """Name the people and teams of the goals that the team repository does not know by what the goals call them."""
    known = {record.source_id for record in organization if isinstance(record, NodeRow)}
    refs = {end for record in work if isinstance(record, EdgeRow) for end in (record.start, record.end)}
    for ref in sorted(ref for ref in refs if ref.space == rust_team.SOURCE and ref.value not in known):
        yield _stranger(ref)


def _stranger(ref: Ref) -> NodeRow:
    name = ref.value.partition("/")[2]
    key = name if ref.kind == "Person" else f"T-{name}"
    return NodeRow(ref.kind, ref.space, ref.value, {"title": name}, key=key)


def main(arguments: list[str]) -> int:
    """Write the sample and say how large it is."""
    if len(arguments) != 3:
        print("usage: python -m examples.rust_sample GOALS_FOLDER TEAM_FOLDER FILE", file=sys.stderr)
        return 2
    goals, teams, target = map(Path, arguments)
    sample = build(goals, teams)
    target.write_bytes(sample)
    print(f"{target}: {sample.count(10)} lines, {len(sample) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
