"""Finds items that rows refer to: by source identity, by key or by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graph import cypher
from graph.batch import Ref
from graph.overlay import Overlay
from graph.store import Transaction

Address = tuple[str, str]
"""(space, value) of a reference, without its kind."""

UNRESOLVED = "unresolved"
"""Source of placeholders for items that are known by their key only."""


def way_of(address: Address) -> tuple[str, object]:
    """Return by which property an address finds its item (``id``, ``key`` or ``source``), and the value of that."""
    space, value = address
    return (space, value) if space in {"id", "key"} else ("source", [space, value])


class Known(NamedTuple):
    """What the write path has to know of an item that exists. ``team`` is the only one that may see it, if one is."""

    id: str
    key: str
    source: str
    source_id: str
    label: str
    version: int = 1
    fingerprint: int | None = None
    local_edits: list[str] | None = None
    placeholder: bool | None = None
    archived: bool = False
    team: str | None = None

    def addresses(self) -> tuple[Address, ...]:
        """Every reference that means this item."""
        return (("id", self.id), ("key", self.key), (self.source, self.source_id))


class Directory:
    """Items by address, read once each; ``before`` are those that earlier transactions of a load resolved.

    ``complete`` says that these are all items of the workspace, so that none has to be looked for.
    """

    def __init__(
        self, workspace: str, before: Mapping[Address, Known] | None = None, *, complete: bool = False
    ) -> None:
        self._workspace = workspace
        self._complete = complete
        self._known: Overlay[Address, Known] = Overlay(before or {})
        self._absent: set[Address] = set()
        self._gone: set[Address] = set()

    def __getitem__(self, ref: Ref) -> Known | None:
        address = (ref.space, ref.value)
        if address in self._gone:
            return None
        return self._known.get(address)

    def add(self, item: Known) -> None:
        """Remember an item under each of its addresses."""
        for address in item.addresses():
            self._known[address] = item
            self._gone.discard(address)

    def forget(self, item: Known) -> None:
        """Remember that an item is not there any more."""
        self._gone.update(item.addresses())

    def ids(self) -> dict[Address, str]:
        """Return the ids of the items that were read or added here, by address."""
        return {address: item.id for address, item in self._known.items() if address not in self._gone}

    def branch(self) -> Directory:
        """Return a directory that goes on from this one and leaves it as it is."""
        branch = Directory(self._workspace, self._known, complete=self._complete)
        branch._absent, branch._gone = self._absent, set(self._gone)
        return branch

    def absorb(self, branch: Directory) -> None:
        """Take over what a branch has come to know."""
        self._known |= branch._known
        self._gone |= branch._gone

    def learn(self, looked_for: Iterable[Address], found: Iterable[Known]) -> None:
        """Remember the items that were found when all that have these addresses were looked for."""
        for item in found:
            self.add(item)
        self._absent.update(looked_for)

    async def look_up(self, transaction: Transaction, refs: Iterable[Ref]) -> None:
        """Read the items behind the references that are not known yet. One query per way of naming, O(references)."""
        if self._complete:
            return
        wanted = {(ref.space, ref.value) for ref in refs if self[ref] is None} - self._absent
        lists: dict[str, list[object]] = {"id": [], "key": [], "source": []}
        for address in sorted(wanted):
            way, value = way_of(address)
            lists[way].append(value)
        found: list[Known] = []
        for way, values in lists.items():
            if values:
                rows = await transaction.collected(cypher.FIND_BY[way], workspace=self._workspace, values=values)
                found += [Known(*row) for row in rows]
        self.learn(wanted, found)

    async def taken_keys(self, transaction: Transaction, keys: list[str]) -> set[str]:
        """Return which of the keys belong to an item. One query at most."""
        refs = [Ref("key", key) for key in keys]
        await self.look_up(transaction, refs)
        return {ref.value for ref in refs if self[ref] is not None}


async def free_keys(
    transaction: Transaction, directory: Directory, counters: dict[str, int], prefixes: list[str], taken: set[str]
) -> list[str]:
    """Return one unused key per prefix (``T-17``), and advance the counters. ``taken`` are keys of the same write."""
    keys: list[str] = [""] * len(prefixes)
    open_places = list(range(len(prefixes)))
    while open_places:
        for place in open_places:
            prefix = prefixes[place]
            counters[prefix] = counters.get(prefix, 0) + 1
            keys[place] = f"{prefix}-{counters[prefix]}"
        proposed = [keys[place] for place in open_places]
        used = await directory.taken_keys(transaction, proposed) | taken
        open_places = [place for place in open_places if keys[place] in used]
    return keys
