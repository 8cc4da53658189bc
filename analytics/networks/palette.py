"""Colours of drawings, for light and for dark surroundings; every pair that is read together meets WCAG's level AA."""

from __future__ import annotations

from typing import Final

Colours = tuple[str, str]
"""The same colour for light and for dark surroundings."""

PAPER: Final[Colours] = ("#ffffff", "#0f141a")
INK: Final[Colours] = ("#1b2027", "#e8edf2")
MUTED: Final[Colours] = ("#525b66", "#a5b0bc")
BOX: Final[Colours] = ("#f5f7f9", "#1a212a")
BORDER: Final[Colours] = ("#737d89", "#7e8a97")
LINE: Final[Colours] = ("#7a8490", "#7e8a97")
WORST: Final[Colours] = ("#b3261e", "#ff8a7d")
GOAL: Final[Colours] = ("#1d3c6e", "#c9dcff")
ON_GOAL: Final[Colours] = ("#ffffff", "#0f141a")
READY: Final[Colours] = ("#0b6b3a", "#5fd695")
STARTED: Final[Colours] = ("#0a5fa8", "#7cbcff")
STALLED: Final[Colours] = ("#8f4700", "#ffb366")

TEXT: Final = ((INK, PAPER), (INK, BOX), (MUTED, PAPER), (MUTED, BOX), (ON_GOAL, GOAL), (WORST, PAPER))
"""Text and what it stands on: at least 4.5 to 1."""
SHAPES: Final = (
    (BORDER, PAPER), (LINE, PAPER), (WORST, PAPER), (GOAL, PAPER), (READY, BOX), (STARTED, BOX), (STALLED, BOX),
    (MUTED, BOX),
)  # fmt: skip
"""Lines and icons and what they stand on: at least 3 to 1."""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (``#rrggbb``), 1 to 21, as WCAG 2.2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
