"""Who a goal's table names as owner: handles, teams, and what names nobody.

Cells are free text: ``@lqd, @amandasystems``, ``![Team][] [types] [lang]``, ``TBD (@tmandry)``, ``![Help wanted][]``,
``rust-lang/project-const-traits``, ``@fee1-dead and project-const-traits``, ``RustNL``, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workatlas.importers.goal_document import Document

_HANDLE = re.compile(r"(?<![\w/`.])@([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)")
_BADGE = re.compile(r"!\[[^\]]*\](?:\[[^\]]*\])?")
_NAME = re.compile(r"\[([^\]]+)\](?:\[[^\]]*\]|\([^)]*\))?")
_GROUP = re.compile(r"(?:rust-lang/)?((?:project|wg)-[\w-]+)")
_TEAM_BADGE: Final = "![team]"
_NOBODY: Final = frozenset({"", "tbd", "n/a", "none", "others", "help wanted", "help needed", "and", "or"})
_SPOKEN: Final = {
    "goals team": "goals",
    "moderator team": "mods",
    "vision team": "project-vision-doc-2025",
}
"""Teams that documents call by another name than the team repository does."""


@dataclass(frozen=True, slots=True)
class Names:
    """Handles (lower case) and teams that the documents mark as such anywhere; both tell what a bare name means."""

    handles: frozenset[str]
    teams: frozenset[str]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Names:
        """Collect the names from every table cell."""
        handles: set[str] = set()
        teams: set[str] = set()
        for document in documents:
            for table in document.tables:
                for row in table.rows:
                    for cell in row.cells[1:]:
                        handles.update(handle.lower() for handle in _HANDLE.findall(cell))
                        if cell.lower().startswith(_TEAM_BADGE):
                            teams.update(_NAME.findall(_BADGE.sub("", cell)))
        return cls(frozenset(handles), frozenset(teams))


@dataclass(frozen=True, slots=True)
class Owners:
    """The reading of one cell; ``unknown`` holds words that name neither a handle nor a team."""

    handles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    help_wanted: bool = False


def read_owners(cell: str, names: Names) -> Owners:
    """Read an owner cell. A cell that starts with "TBD" names candidates, not owners."""
    text = cell.replace("~~", "")
    help_wanted = re.search(r"help (wanted|needed)", text, re.IGNORECASE) is not None
    asks_team = _TEAM_BADGE in text.lower()
    text = _BADGE.sub("", text).strip()
    if text.lower().startswith("tbd"):
        return Owners(help_wanted=help_wanted, unknown=(text,) if len(text) > 3 else ())
    handles = _HANDLE.findall(text)
    teams: list[str] = []
    unknown: list[str] = []
    for name in _NAME.findall(text):
        if not asks_team and name.lower() in names.handles:
            handles.append(name)
        elif asks_team or name in names.teams:
            teams.append(name)
        else:
            unknown.append(name)
    for piece in re.split(r",|\+|\(|\)|\band\b", _NAME.sub(",", _HANDLE.sub(",", text))):
        word = piece.strip(" .*=_")
        if match := _GROUP.fullmatch(word):
            teams.append(match[1])
        elif word.lower() in _SPOKEN:
            teams.append(_SPOKEN[word.lower()])
        elif word.lower() in names.handles:
            handles.append(word)
        elif word.lower() not in _NOBODY:
            unknown.append(word)
    return Owners(
        tuple({handle.lower(): handle for handle in handles}.values()),
        tuple(dict.fromkeys(teams)),
        tuple(unknown),
        help_wanted,
    )
