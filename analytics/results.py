"""What every result has in common: completeness, an explanation made of facts, and plain forms for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from analytics.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from graph.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Completeness:
    """What an answer leaves out.

    ``limited`` names each limit that was reached, in words. ``hidden`` counts items that the viewer may not see and
    that were omitted or shown as a bare kind. ``self_references`` counts edges from an item to itself, which no
    analysis walks. ``snapshot_seq`` is the change sequence number of the snapshot. ``scope`` is the key of the scope
    to which the answer was confined (see ``analytics.expansion.scope``), ``None`` where it was not.
    """

    snapshot_seq: int = 0
    limited: tuple[str, ...] = ()
    hidden: int = 0
    self_references: int = 0
    scope: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was limited or hidden."""
        return not self.limited and not self.hidden

    def to_dict(self) -> dict[str, object]:
        """Return the same as JSON-ready values."""
        return {
            "complete": self.complete,
            "limited": list(self.limited),
            "hidden": self.hidden,
            "selfReferences": self.self_references,
            "snapshotSeq": self.snapshot_seq,
            "scope": self.scope,
        }

    def explained(self, sentence: str, facts: Mapping[str, object]) -> Explanation:
        """Return the explanation of the answer that is so complete; one that has a scope says so first."""
        if self.scope is None:
            return Explanation(sentence, facts)
        return Explanation(f"In {self.scope}: {sentence}", {**facts, "scope": self.scope})


@dataclass(frozen=True, slots=True)
class Explanation:
    """Facts as data, and one plain sentence that quotes only those facts."""

    sentence: str
    facts: Mapping[str, object]

    def to_dict(self) -> dict[str, object]:
        """Return the same as JSON-ready values."""
        return {"sentence": self.sentence, "facts": dict(self.facts)}


class Result(Protocol):
    """What every analysis returns."""

    @property
    def completeness(self) -> Completeness:
        """What the answer leaves out."""

    def explain(self) -> Explanation:
        """Return facts and one sentence that quotes only them."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table; pandas comes with the extra ``notebook``."""


def table(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a data frame with these columns, in order.

    Raises:
        MissingExtraError: pandas is not installed.

    """
    try:
        import pandas as pd  # only callers who want a table need it
    except ImportError as error:
        raise MissingExtraError("data frames need pandas; install workatlas with the extra 'notebook'") from error
    return pd.DataFrame(list(rows), columns=list(columns))


def amount(number: float) -> str:
    """Write a number for a sentence: at most one decimal, none where it is whole."""
    return f"{round(float(number), 1):g}" if abs(number) < 100_000 else f"{number:.0f}"


def counted(number: int, word: str, plural: str | None = None) -> str:
    """Write a count with its noun: ``1 step``, ``5 steps``; the plural is given where it takes more than an s."""
    return f"{number} {word if number == 1 else plural or word + 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Write names for a sentence; of more than ``most`` the first ones, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def percent(share: float | None) -> str:
    """Write a share for a sentence, in whole percent."""
    return "–" if share is None else f"{round(100 * share)} %"


def as_date(value: np.datetime64 | None) -> date | None:
    """Return a day of a column as a date; ``None`` for NaT."""
    if value is None or np.isnat(value):
        return None
    moment = value.astype("datetime64[D]").item()
    return moment if isinstance(moment, date) else None


def iso(value: date | None) -> str | None:
    """Return a date's ISO text; ``None`` stays ``None``."""
    return None if value is None else value.isoformat()


def name_of(snapshot: Snapshot, row: int) -> str:
    """Return how a sentence names an item: its key, and its title when it says more than the key."""
    key, title = snapshot.items.key[row], snapshot.items.title[row]
    return key if title in ("", key) else f"{key} '{title}'"
