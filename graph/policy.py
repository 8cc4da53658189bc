"""A workspace's policy: which edges analyses walk, and the working calendar they count in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of a workspace that travel with its snapshot.

    ``min_confidence`` (0 to 1): edges below it are stored but not walked. ``min_severity``: issues below it (or with
    none) do not threaten what they affect. ``stalled_days``: started work untouched for longer counts as stalled.
    ``cadence_days``: how often goals and projects are reported on; what an older Update says is outdated.
    ``hours_per_day`` and ``weekmask`` (Monday first, as in ``numpy.busday_count``) with ``holidays`` are the calendar.
    """

    min_confidence: float = 0.5
    min_severity: str = "HIGH"
    stalled_days: int = 14
    cadence_days: int = 14
    hours_per_day: float = 8.0
    weekmask: str = "1111100"
    holidays: tuple[date, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the policy as JSON-ready values."""
        return asdict(self) | {"holidays": [day.isoformat() for day in self.holidays]}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Policy:
        """Read what ``to_dict`` wrote; names that are missing take their defaults."""
        known = {name: value for name, value in values.items() if name in cls.__slots__}
        holidays = known.pop("holidays", ())
        if not isinstance(holidays, list | tuple):
            raise ValueError("holidays must be a list of dates")
        return cls(**known, holidays=tuple(date.fromisoformat(str(day)) for day in holidays))  # type: ignore[arg-type]
