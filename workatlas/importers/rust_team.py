"""Read the Rust project's team repository: ``people/*.toml`` and ``teams/**/*.toml``.

People become `Person`, teams `Team`; `subteam-of` becomes PART_OF, leads and members become MEMBER_OF with a role.
Alumni are no members. Archived teams keep their place, with the label "archived", because older goals still name them.
E-mail addresses are never taken over.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref
from workatlas.errors import ImportFailedError
from workatlas.importers.importer import ImportOptions

SOURCE: Final = "rust-team"


def person(handle: str) -> Ref:
    """Point at a person by GitHub handle, whose case does not matter."""
    return Ref(SOURCE, f"person/{handle.lower()}", "Person")


def team(name: str) -> Ref:
    """Point at a team by the name that its file gives it."""
    return Ref(SOURCE, f"team/{name}", "Team")


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read every TOML file under the given paths.

    Anomalies: ``brokenToml`` and ``unknownFile`` (skipped), ``unknownMember`` (the membership points at a
    placeholder), ``badMember`` and ``duplicateId`` (skipped).

    Raises:
        ImportFailedError: A path does not exist, or the source was to be renamed.

    """
    people: set[str] = set()
    teams: list[tuple[Path, Mapping[str, object]]] = []
    seen: set[str] = set()
    for file in files_of(paths, "*.toml", options):
        try:
            content: Mapping[str, object] = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            yield Anomaly("brokenToml", str(error), f"{file}:1", skipped=True)
            continue
        identity = _identity(content)
        if identity is None:
            yield Anomaly("unknownFile", "it describes neither a person nor a team", f"{file}:1", skipped=True)
        elif identity in seen:
            yield Anomaly("duplicateId", f"{identity} is described before", f"{file}:1", skipped=True)
        elif identity.startswith("person/"):
            seen.add(identity)
            people.add(identity)
            yield _person(content, identity, file)
        else:
            seen.add(identity)
            teams.append((file, content))
    for file, content in teams:
        yield from _team(content, file, people)


def files_of(paths: Sequence[Path], pattern: str, options: ImportOptions) -> list[Path]:
    """Return the files that the paths name; a folder stands for every file in it that fits the pattern.

    Raises:
        ImportFailedError: A path does not exist, or the source was to be renamed, which would part goals from teams.

    """
    if options.source is not None:
        raise ImportFailedError("rust-goals and rust-team find each other by their source; leave out the other name.")
    for path in paths:
        if not path.exists():
            raise ImportFailedError(f"{path} does not exist; name a folder or file of the upstream repository.")
    return [file for path in paths for file in (sorted(path.rglob(pattern)) if path.is_dir() else [path])]


def _identity(content: Mapping[str, object]) -> str | None:
    match content:
        case {"github": str() as handle}:
            return f"person/{handle.lower()}"
        case {"name": str() as name, "people": dict()}:
            return f"team/{name}"
        case _:
            return None


def _person(content: Mapping[str, object], identity: str, file: Path) -> NodeRow:
    handle = str(content["github"])
    properties: dict[str, object] = {
        "title": str(content.get("name") or handle),
        "url": f"https://github.com/{handle}",
    }
    return NodeRow("Person", SOURCE, identity, properties, key=handle, where=f"{file}:1")


def _team(content: Mapping[str, object], file: Path, known: set[str]) -> Iterator[Record]:
    name = str(content["name"])
    yield NodeRow("Team", SOURCE, team(name).value, _describe(content, file), key=f"T-{name}", where=f"{file}:1")
    parent = content.get("subteam-of")
    if isinstance(parent, str):
        yield EdgeRow("PART_OF", team(name), team(parent), {"source": SOURCE}, where=_where(file, "subteam-of"))
    roles: dict[str, str] = {}
    people = content["people"]
    assert isinstance(people, dict)  # _identity saw it
    for group, role in (("members", "member"), ("leads", "lead")):
        for entry in people.get(group, ()):
            handle = entry.get("github") if isinstance(entry, dict) else entry
            if isinstance(handle, str):
                roles[handle] = role
            else:
                yield Anomaly("badMember", f"{entry!r} names nobody", _where(file, group), skipped=True)
    for handle, role in roles.items():
        where = _where(file, f'"{handle}"')
        if person(handle).value not in known:
            yield Anomaly("unknownMember", f"{handle} has no file among the people", where)
        yield EdgeRow("MEMBER_OF", person(handle), team(name), {"role": role, "source": SOURCE}, where=where)


def _describe(content: Mapping[str, object], file: Path) -> dict[str, object]:
    website = content.get("website")
    site: Mapping[str, object] = website if isinstance(website, dict) else {}
    properties: dict[str, object] = {
        "title": str(site.get("name") or content["name"]),
        "kind": str(content.get("kind", "team")),
    }
    optional = (("description", site.get("description")), ("url", site.get("repo")))
    properties.update({name: value for name, value in optional if isinstance(value, str) and value})
    if file.parent.name == "archive":
        properties["labels"] = ["archived"]
    return properties


def _where(file: Path, text: str) -> str:
    """Name the first line that holds ``text``; a TOML parser keeps no positions."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if text in line:
            return f"{file}:{number}"
    return f"{file}:1"
