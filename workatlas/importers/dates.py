"""Reading dates as trackers write them: several orders, month names in five languages, offsets, coarse periods.

A date made only of digits and slashes could be read two ways; it is refused unless the user names its format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from graph.values import CoarseDate, instant_to_millis, millis_to_instant

_MONTHS = """
Jan jan january januar jän jänner ene enero janeiro janv janvier
Feb feb february februar febrero fev fevereiro févr fév février
Mar mar march mär mär mrz märz marzo março mars
Apr apr april abr abril avr avril
May may mai mayo maio
Jun jun june juni junio junho juin
Jul jul july juli julio julho juil juillet
Aug aug august ago agosto août aoû
Sep sep sept september septiembre set setembro septembre
Oct oct october okt oktober octubre out outubro octobre
Nov nov november noviembre novembro novembre
Dec dec december dez dezember dic diciembre dezembro déc décembre
"""
_MONTH_OF = {name: line.split()[0] for line in _MONTHS.strip().splitlines() for name in line.split()[1:]}
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+(?=\S)", re.IGNORECASE)
_ZONE_NAME = re.compile(r"\s*\([^()]*\)$")
_HALF_DAY = re.compile(r"\b([ap])\.?\s?m\.?(?=\s|$)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+\.?")
_FORMATS = (
    *(
        f"{day}{time}"
        for day in ("%d/%b/%y", "%d/%b/%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y")
        for time in (" %H:%M", " %I:%M %p", "", " %H:%M:%S", " %H:%M:%S %z")
    ),
    *(
        f"{day}{time}"
        for day in ("%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d")
        for time in (" %H:%M", " %I:%M %p", "", " %H:%M:%S")
    ),
)
_YEARS = range(1900, 2201)


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads dates; ``formats`` (of ``strptime``) are tried first, ``zone`` is that of texts without an offset."""

    formats: Sequence[str] = ()
    zone: tzinfo = field(default=UTC)

    def instant(self, text: str) -> str:
        """Return the instant in native form.

        Raises:
            ValueError: The text is no date that is known, or one that no tracker can mean (before 1900).

        """
        moment = self._moment(text)
        return millis_to_instant(instant_to_millis(moment if moment.tzinfo else moment.replace(tzinfo=self.zone)))

    def day(self, text: str) -> str:
        """Return the day as it was written, whatever its zone; coarse dates (``2026-Q4``) stay coarse.

        Raises:
            ValueError: As ``instant``.

        """
        try:
            return str(CoarseDate.parse(text))
        except (ValueError, OverflowError):
            return self._moment(text).date().isoformat()

    def _moment(self, text: str) -> datetime:
        plain = " ".join(text.split())
        for pattern in self.formats:
            try:
                return _plausible(datetime.strptime(_english(plain), pattern), text)  # noqa: DTZ007 - the caller adds it
            except ValueError:
                continue
        try:
            return _plausible(datetime.fromisoformat(plain), text)
        except ValueError:
            pass
        english = _english(plain)
        for pattern in _FORMATS:
            try:
                return _plausible(datetime.strptime(english, pattern), text)  # noqa: DTZ007 - the caller adds it
            except ValueError:
                continue
        raise ValueError(f"{text[:80]!r} is not a date of a known form")


def _plausible(moment: datetime, text: str) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"{text[:80]!r} is outside {_YEARS[0]}–{_YEARS[-1]}")
    return moment


def _english(text: str) -> str:
    text = _ZONE_NAME.sub("", _WEEKDAY.sub("", text)).replace("GMT", "").replace("UTC", "")
    text = _HALF_DAY.sub(lambda match: f"{match[1].upper()}M", text)
    text = _WORD.sub(lambda match: _MONTH_OF.get(match[0].rstrip(".").lower(), match[0]), text)
    return re.sub(r"\s+", " ", text).strip()
