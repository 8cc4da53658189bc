"""Moments in filters: instants, dates as coarse as they are known, and times relative to now."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

from graph.values import CoarseDate, instant_to_millis

_DURATION: Final = re.compile(
    r"([+-])?P(?=\d|T\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_PARTS: Final = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Clock:
    """What a relative moment is relative to: the present instant, and today where the server is."""

    now: Callable[[], datetime]
    today: Callable[[], date]


@dataclass(frozen=True, slots=True)
class Moment:
    """A period as a filter names it: a day or longer, an instant, or a distance from now."""

    text: str
    period: CoarseDate | None = None
    instant: int | None = None
    distance: relativedelta | None = None

    @classmethod
    def parse(cls, text: object) -> Moment:
        """Read a moment.

        Raises:
            ValueError: The text is none of the three forms.

        """
        if not isinstance(text, str) or len(text) > _LENGTH:
            raise ValueError(_EXPECTED)
        match = _DURATION.fullmatch(text)
        if match:
            sign = -1 if match[1] == "-" else 1
            amounts = {name: sign * int(part) for name, part in zip(_PARTS, match.groups()[1:], strict=True) if part}
            return cls(text, distance=relativedelta(**amounts))  # type: ignore[arg-type]
        try:
            return cls(text, period=CoarseDate.parse(text))
        except ValueError:
            pass
        try:
            return cls(text, instant=instant_to_millis(text))
        except (ValueError, OverflowError):
            raise ValueError(_EXPECTED) from None

    def days(self, clock: Clock) -> tuple[str, str]:
        """Return the first and the last day of the period, as ISO texts.

        Raises:
            ValueError: It lies outside the years 1 to 9999.

        """
        if self.period is not None:
            return self.period.first.isoformat(), self.period.last.isoformat()
        if self.instant is not None:
            day = (_EPOCH + timedelta(milliseconds=self.instant)).date()
        else:
            # Hours count from the beginning of today: an hour before it is yesterday.
            day = self._moved(datetime.combine(clock.today(), time())).date()
        return day.isoformat(), day.isoformat()

    def instants(self, clock: Clock) -> tuple[int, int]:
        """Return the first and the last millisecond of the period, since 1970, UTC.

        Raises:
            ValueError: It lies outside the years 1 to 9999.

        """
        if self.period is not None:
            first = datetime.combine(self.period.first, time(), UTC)
            last = datetime.combine(self.period.last, time(23, 59, 59, 999_000), UTC)
            return instant_to_millis(first), instant_to_millis(last)
        instant = self.instant if self.instant is not None else instant_to_millis(self._moved(clock.now()))
        return instant, instant

    def _moved(self, start: datetime) -> datetime:
        assert self.distance is not None
        try:
            return start + self.distance
        except (ValueError, OverflowError):
            raise ValueError(f"{self.text!r} from now lies outside the years 1 to 9999") from None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED: Final = (
    "a moment is an instant (2026-12-01T09:30:00Z), a date (2026-12-01, 2026-W49, 2026-12, 2026-Q4, 2026-H2, 2026), "
    "or a duration from now (P7D, -PT36H)"
)
