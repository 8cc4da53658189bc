"""Random numbers by counter: what is drawn depends on what is asked for, never on who asks first.

Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from analytics.expansion.kernels import compiled

_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_FACTORS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_STEPS: Final = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_ROUNDS: Final = 10

Word: TypeAlias = np.uint64


@compiled
def philox(first: Word, second: Word, third: Word, fourth: Word, key: Word) -> tuple[Word, Word, Word, Word]:
    """Return four random words of 32 bits for a counter of four such words and a ``key`` of 64 bits."""
    low, high = key & _LOW, key >> _HALF
    for _ in range(_ROUNDS):
        left, right = _FACTORS[0] * first, _FACTORS[1] * third
        first, second = (right >> _HALF) ^ second ^ low, right & _LOW
        third, fourth = (left >> _HALF) ^ fourth ^ high, left & _LOW
        low, high = (low + _STEPS[0]) & _LOW, (high + _STEPS[1]) & _LOW
    return first, second, third, fourth
