"""Read the Kubernetes community's ``sigs.yaml``: groups, who leads them, and when they meet.

Each group is a `Team` with a `Portfolio` of its own, which it owns; chairs and technical leads are members with a role,
emeritus leads are none. Each meeting is an `Operation` of that portfolio with a recurrence rule. E-mail addresses are
never taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref
from workatlas.importers.goal_document import slug
from workatlas.importers.k8s_files import SOURCE, entries, handle_of, person, portfolio, team, where, without_addresses

GROUPS: Final = {
    "sigs": ("SIG", "special interest group"),
    "workinggroups": ("WG", "working group"),
    "usergroups": ("UG", "user group"),
    "committees": ("Committee", "committee"),
}
_ROLES: Final = (("tech_leads", "technical lead"), ("chairs", "lead"))
_DAYS: Final = {"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_ZONES: Final = {
    "pt": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
    "est": "America/New_York",
    "et": "America/New_York",
    "eastern": "America/New_York",
    "cet": "Europe/Berlin",
    "poland": "Europe/Warsaw",
    "utc": "UTC",
}
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.IGNORECASE)
_DAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*day", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b", re.IGNORECASE)


def is_list_of_groups(content: Mapping[str, Any]) -> bool:
    """Tell whether a file is ``sigs.yaml``."""
    return isinstance(content.get("sigs"), list)


def groups(content: Mapping[str, Any], file: Path, seen: set[str]) -> Iterator[Record]:
    """Yield every group; ``seen`` holds the identities of people and teams that were described, and is added to.

    Anomalies: ``badGroup`` and ``badMember`` (skipped), ``duplicateId`` (skipped), ``unreadableMeeting`` (the operation
    has no rule).
    """
    for kind in GROUPS:
        for group in entries(content.get(kind)):
            if not isinstance(group, dict) or not isinstance(group.get("dir"), str):
                yield Anomaly(
                    "badGroup", f"an entry of {kind} names no directory", where(file, f"{kind}:"), skipped=True
                )
            elif team(group["dir"]).value in seen:
                place = where(file, f"dir: {group['dir']}")
                yield Anomaly("duplicateId", f"{group['dir']} is described before", place, skipped=True)
            else:
                seen.add(team(group["dir"]).value)
                yield from _group(group, kind, file, seen)


def _group(group: Mapping[str, Any], kind: str, file: Path, seen: set[str]) -> Iterator[Record]:
    directory = str(group["dir"])
    place = where(file, f"dir: {directory}")
    short, long = GROUPS[kind]
    name = str(group.get("name") or directory)
    properties: dict[str, object] = {"title": f"{short} {name}", "kind": long}
    if isinstance(group.get("mission_statement"), str):
        properties["description"] = without_addresses(str(group["mission_statement"]).strip())
    properties["url"] = f"https://github.com/kubernetes/community/tree/master/{directory}"
    yield NodeRow("Team", SOURCE, team(directory).value, properties, key=directory, where=place)
    yield NodeRow(
        "Portfolio", SOURCE, portfolio(directory).value, {"title": f"Proposals and meetings of {short} {name}"},
        key=f"{directory}-work", where=place,
    )  # fmt: skip
    yield EdgeRow("OWNS", team(directory), portfolio(directory), {"source": SOURCE}, where=place)
    yield from _leaders(group, directory, file, seen)
    yield from _meetings(group, directory, file)


def _leaders(group: Mapping[str, Any], directory: str, file: Path, seen: set[str]) -> Iterator[Record]:
    leadership = group.get("leadership")
    roles: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for name, role in _ROLES:
        for entry in entries(leadership.get(name) if isinstance(leadership, dict) else None):
            told: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
            handle = handle_of(told.get("github", ""))
            if handle is None:
                place = where(file, f"dir: {directory}")
                yield Anomaly("badMember", f"an entry of {name} names no GitHub handle", place, skipped=True)
            else:
                roles[handle.lower()] = (role, told)
    for key, (role, entry) in roles.items():
        handle, place = str(entry["github"]), where(file, f"github: {entry['github']}")
        if person(key).value not in seen:
            seen.add(person(key).value)
            yield person_row(handle, str(entry.get("name") or handle), place)
        yield EdgeRow("MEMBER_OF", person(key), team(directory), {"role": role, "source": SOURCE}, where=place)


def person_row(handle: str, title: str, place: str) -> NodeRow:
    """Return a person."""
    properties: dict[str, object] = {"title": title, "url": f"https://github.com/{handle}"}
    return NodeRow("Person", SOURCE, person(handle).value, properties, key=handle, where=place)


def _meetings(group: Mapping[str, Any], directory: str, file: Path) -> Iterator[Record]:
    used: dict[str, int] = {}
    for meeting in entries(group.get("meetings")):
        if not isinstance(meeting, dict):
            continue
        title = str(meeting.get("description") or "Meeting")
        name = f"{directory}/{slug(title)}"
        used[name] = used.get(name, 0) + 1
        name = name if used[name] == 1 else f"{name}-{used[name]}"
        place = where(file, f"description: {title}")
        properties: dict[str, object] = {"title": title}
        rule = rule_of(meeting)
        if rule is None:
            told = ", ".join(str(meeting.get(part, "")) for part in ("frequency", "day", "time", "tz"))
            yield Anomaly("unreadableMeeting", f"{title}: {told}", place)
            properties["description"] = told
        else:
            properties |= {"rrule": rule[0], "timezone": rule[1]}
        if isinstance(meeting.get("archive_url"), str):
            properties["url"] = str(meeting["archive_url"])
        operation = Ref(SOURCE, f"meeting/{name}", "Operation")
        yield NodeRow("Operation", SOURCE, operation.value, properties, key=name, where=place)
        yield EdgeRow("PART_OF", operation, portfolio(directory), {"source": SOURCE}, where=place)
        yield EdgeRow("OWNS", team(directory), operation, {"source": SOURCE}, where=place)


def rule_of(meeting: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return a meeting's recurrence rule and zone; ``None`` where frequency, day, time or zone cannot be read.

    The file does not say in which week a biweekly meeting falls: the rule then counts from the day of the import.
    """
    told = {part: str(meeting.get(part, "")).lower() for part in ("frequency", "day", "time", "tz")}
    frequency, moment = told["frequency"].replace("bi-weekly", "biweekly"), _TIME.match(told["time"])
    day = _DAY.search(told["day"]) or _DAY.search(frequency)
    zone = next((name for key, name in _ZONES.items() if re.search(rf"\b{key}\b", told["tz"])), None)
    if day is None or moment is None or zone is None:
        return None
    code, hour = _DAYS[day[1].lower()], int(moment[1]) % 12 if moment[3] else int(moment[1])
    hour += 12 if (moment[3] or "").lower() == "pm" else 0
    ordinal = _ORDINAL.search(f"{told['day']} {frequency}")
    match [word for word in ("biweekly", "four weeks", "weekly", "month") if word in frequency]:
        case ["biweekly", *_]:
            repeats = f"FREQ=WEEKLY;INTERVAL=2;BYDAY={code}"
        case ["four weeks"]:
            repeats = f"FREQ=WEEKLY;INTERVAL=4;BYDAY={code}"
        case ["weekly"]:
            repeats = f"FREQ=WEEKLY;BYDAY={code}"
        case _ if ordinal and "after" not in frequency:
            repeats = f"FREQ=MONTHLY;BYDAY={_ORDINALS[ordinal[1].lower()]}{code}"
        case _:
            return None
    return f"{repeats};BYHOUR={hour};BYMINUTE={int(moment[2] or 0)}", zone
