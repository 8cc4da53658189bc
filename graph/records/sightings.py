"""What an examination of the graph saw: the input of stored findings."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that is wrong or threatens: its kind, the ids of the items concerned, and a sentence about it."""

    kind: str
    subjects: tuple[str, ...]
    sentence: str

    @property
    def identity(self) -> str:
        """What makes two sightings the same finding: kind and subjects, whatever the sentence says of them today."""
        return blake2b("\n".join((self.kind, *self.subjects)).encode(), digest_size=8).hexdigest()
