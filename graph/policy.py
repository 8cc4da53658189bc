"""A workspace's policy: which edges analyses walk, what counts as stale, and the working calendar they count in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final


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

    def native(self) -> dict[str, object]:
        """Return the policy in the native exchange format, by the names of ``NAMES``."""
        stored = self.to_dict()
        return {name: stored[attribute] for name, attribute in NAMES.items()}

    def changed(self, values: Mapping[str, object]) -> Policy:
        """Return the policy with other values, by the names of ``NAMES``; ``None`` sets a default again.

        Raises:
            ValueError: There is no such setting, or a value is not one that it takes; the message names it.

        """
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name not in NAMES:
                raise ValueError(f"a policy has no {name!r}, only {', '.join(NAMES)}")
            attribute = NAMES[name]
            try:
                given[attribute] = getattr(Policy(), attribute) if value is None else _CHECKS[attribute](value)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name}: {error}") from None
        return replace(self, **given)


def _number(low: float, high: float, *, above: bool = False) -> Callable[[object], float]:
    def check(value: object) -> float:
        inside = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        if not inside or (above and value == low):
            raise ValueError(f"{value!r} is no number {'above' if above else 'from'} {low:g} to {high:g}")
        return float(value)  # type: ignore[arg-type]

    return check


def _days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 3650:
        raise ValueError(f"{value!r} is no number of days from 1 to 3650")
    return value


def _severity(value: object) -> str:
    if value not in _SEVERITIES:
        raise ValueError(f"{value!r} is none of {', '.join(_SEVERITIES)}")
    return str(value)


def _weekmask(value: object) -> str:
    if not isinstance(value, str) or len(value) != 7 or set(value) - {"0", "1"} or "1" not in value:
        raise ValueError(f"{value!r} is no week: write seven of 0 and 1, Monday first, at least one 1")
    return value


def _holidays(value: object) -> tuple[date, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_HOLIDAYS:
        raise ValueError(f"a list of at most {_MOST_HOLIDAYS} days is needed")
    return tuple(sorted({date.fromisoformat(str(day)) for day in value}))


NAMES: Final[Mapping[str, str]] = {
    "minConfidence": "min_confidence",
    "minSeverity": "min_severity",
    "stalledDays": "stalled_days",
    "cadenceDays": "cadence_days",
    "hoursPerDay": "hours_per_day",
    "weekmask": "weekmask",
    "holidays": "holidays",
}
"""Names of the settings in the exchange format and in the API → attributes."""
_SEVERITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
_MOST_HOLIDAYS: Final = 5_000
_CHECKS: Final[Mapping[str, Callable[[object], Any]]] = {
    "min_confidence": _number(0, 1),
    "min_severity": _severity,
    "stalled_days": _days,
    "cadence_days": _days,
    "hours_per_day": _number(0, 24, above=True),
    "weekmask": _weekmask,
    "holidays": _holidays,
}
