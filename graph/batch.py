"""What is to be written: rows that importers, mutations and restore hand to the one write path.

Rows are plain and source-neutral: properties are in native form (``graph.values``), ends are references. Nothing here
knows the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import uuid_utils

from graph.calendars import WorkingCalendar, WorkingCalendars

BORN_HERE = "workatlas"
"""The source of items that no import brought."""


class Ref(NamedTuple):
    """Points at an item by ``id``, by ``key``, or by its source's name and the identity there.

    ``kind`` is the label of the placeholder that stands in while the target is unknown; empty: the write path chooses
    the first label that the edge allows.
    """

    space: str
    value: str
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read the exchange format's form: a UUID is an id, ``source:sourceId`` has a colon, the rest is a key."""
        space, colon, value = text.partition(":")
        if colon and space and value:
            return cls(space, value)
        try:
            return cls("id", str(uuid.UUID(text)))
        except ValueError:
            return cls("key", text)

    def __str__(self) -> str:
        return self.value if self.space in {"id", "key"} else f"{self.space}:{self.value}"


@dataclass(slots=True)
class NodeRow:
    """One item to create or update, found again by (source, source_id).

    An edit changes only the given properties, and ``None`` removes one; an import states the whole item, and what it
    leaves out is removed unless it was edited here. ``expected_version`` refuses an edit when somebody else was faster;
    0 means that there must be no such item yet. ``of`` names an item that must be there in any way, instead of by its
    source; then the kind may be left empty.
    """

    kind: str
    source: str
    source_id: str
    properties: dict[str, object] = field(default_factory=dict)
    key: str | None = None
    id: str | None = None
    expected_version: int | None = None
    where: str = ""
    of: Ref | None = None


@dataclass(slots=True)
class EdgeRow:
    """One edge to add or update (``remove=False``) or to take away."""

    kind: str
    start: Ref
    end: Ref
    properties: dict[str, object] = field(default_factory=dict)
    remove: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class StatusNames:
    """Status names that the source uses, each with its category."""

    values: Mapping[str, str]
    where: str = ""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Custom fields that the source uses, each with its property type."""

    values: Mapping[str, str]
    where: str = ""


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """Settings of the workspace's policy, by the names of ``graph.policy.NAMES``."""

    values: Mapping[str, object]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something in the source that is not as it should be; ``skipped`` when a record could not be used at all."""

    kind: str
    detail: str
    where: str = ""
    skipped: bool = False


Record = NodeRow | EdgeRow | StatusNames | FieldNames | PolicyValues | WorkingCalendars | Anomaly
"""What an importer yields, in any order."""


@dataclass(slots=True)
class Batch:
    """Rows that are written together: all of them or none.

    ``about`` are ids of the items that the batch is about, where they are not those of its rows. ``more``: it is a part
    of what was asked for, and the rest is left for another request. ``free`` are batches that bring back what was
    there: no lifecycle holds for them.
    """

    nodes: list[NodeRow] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    archive: list[Ref] = field(default_factory=list)
    restore: list[Ref] = field(default_factory=list)
    purge: list[Ref] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    calendars: dict[str, WorkingCalendar | None] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    about: list[str] | None = None
    more: bool = False
    free: bool = False


def new_id() -> str:
    """Return a new UUID, version 7: ids made later sort later, which keeps index inserts local."""
    return str(uuid_utils.uuid7())
