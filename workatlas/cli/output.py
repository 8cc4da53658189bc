"""Where commands print: answers on standard output, what is going on and errors on standard error."""

from __future__ import annotations

import sys

import msgspec
from rich.console import Console


def console() -> Console:
    """Return the console for answers; it honours ``NO_COLOR``."""
    return Console()


def error_console() -> Console:
    """Return the console for progress and errors, so that an answer can be piped."""
    return Console(stderr=True)


def print_json(value: object) -> None:
    """Print a value (dataclasses, paths and dates included) as indented JSON with a newline."""
    encoded = msgspec.json.encode(value, enc_hook=str)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def print_sentence(sentence: str) -> None:
    """Print what an answer says of itself."""
    console().print(sentence, style="italic", highlight=False, markup=False)
