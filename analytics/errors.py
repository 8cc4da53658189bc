"""The analyses' errors.

::

    AnalysisError             anything an analysis refuses, said in one sentence
    ├── MissingExtraError     an optional library is not installed; the message names the extra that brings it
    └── ChangeRefusedError    a change of a what-if cannot be made; the message says which one and why

An item that a snapshot does not have is a ``KeyError``, an argument out of its range a ``ValueError``.
"""

from __future__ import annotations


class AnalysisError(Exception):
    """Anything an analysis refuses, said in one sentence."""


class MissingExtraError(AnalysisError):
    """An optional library is not installed; the message names the extra that brings it."""


class ChangeRefusedError(AnalysisError, ValueError):
    """A change of a what-if cannot be made; the message says which one and why."""
