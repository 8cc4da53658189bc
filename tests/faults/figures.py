"""Figures that a trial comes to, each with what it has to be."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: it holds if it is at most ``most`` and at least ``least``; without either it is told only."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    examples: tuple[str, ...] = ()
    """What to look at where it does not hold."""

    @property
    def holds(self) -> bool:
        """Whether it is what it has to be."""
        return not (self.most is not None and self.value > self.most) and not (
            self.least is not None and self.value < self.least
        )

    @property
    def bound(self) -> str:
        """What it has to be, in words."""
        bounds = [f"≤ {self.most:g}" if self.most is not None else "", f"≥ {self.least:g}" if self.least else ""]
        return " ".join(filter(None, bounds))


def step(text: str) -> None:
    """Say how far a trial has come, with the time of day."""
    Console(stderr=True, highlight=False).print(f"{time.strftime('%H:%M:%S')}  {text}", markup=False)


def printed(title: str, figures: Iterable[Figure]) -> bool:
    """Print the figures of a trial, and return whether all hold."""
    table = Table("figure", "value", "has to be", "", title=title, title_justify="left")
    console, right = Console(), True
    for one in figures:
        right = right and one.holds
        value = f"{one.value:,.0f}" if float(one.value).is_integer() else f"{one.value:,.2f}"
        mark = "" if not one.bound else "[green]holds" if one.holds else "[red]DOES NOT HOLD"
        table.add_row(one.name, f"{value} {one.unit}".rstrip(), one.bound, mark)
        for example in one.examples[:5] if not one.holds else ():
            table.add_row("", example[:300], "", "")
    console.print(table)
    return right
