"""The analyses' errors.

::

    AnalysisError            anything an analysis refuses, said in one sentence
    └── MissingExtraError    an optional library is not installed; the message names the extra that brings it

An item that a snapshot does not have is a ``KeyError``, an argument out of its range a ``ValueError``.
"""

from __future__ import annotations


class AnalysisError(Exception):
    """Anything an analysis refuses, said in one sentence."""


class MissingExtraError(AnalysisError):
    """An optional library is not installed; the message names the extra that brings it."""
