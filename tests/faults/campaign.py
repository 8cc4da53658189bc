"""Fuzzing of many root fields by several processes, written down field by field, so that it can be gone on with."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from graph.connection import Connection
from resolvers.limits import declared_rules
from resolvers.schema import SCHEMA, printed
from tests.faults.figures import Figure
from tests.faults.fuzzing import Fuzzed, Fuzzer, opened
from tests.faults.server import Server
from workatlas.embedded import stop
from workatlas.serving import collect_seldom

RULES: Final = declared_rules(SCHEMA._schema)
FIELDS: Final = tuple((kind, name) for kind in ("query", "mutation") for name in RULES[kind])
"""All root fields of queries and mutations."""
TURN: Final = 500
"""Operations on one world: mutations use it up."""
Row = Mapping[str, Any]
"""What the record holds of one root field."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """So many operations for each root field, drawn from ``seed``; one line of ``record`` tells of each field."""

    record: Path
    examples: int = 2_000
    seed: int = 1
    processes: int = 1

    def run(self, connection: Connection, fields: Sequence[tuple[str, str]] = FIELDS, *, resume: bool = False) -> None:
        """Fuzz the fields, and print each when it is done.

        With ``resume`` those are left out of which the record tells that they held, for this schema and this campaign.
        Without, the record begins anew.
        """
        if not resume:
            self.record.unlink(missing_ok=True)
        held = {row["field"] for row in self.rows() if not row["defects"]}
        left = [one for one in fields if " ".join(one) not in held]
        console = Console(highlight=False)
        console.print(f"{len(left)} of {len(fields)} root fields; what fails is kept in {self.record}")
        for row in self._fuzzed(connection, left):
            with self.record.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(row, ensure_ascii=False)}\n")
            console.print(_line(row), markup=False)

    def rows(self) -> list[Row]:
        """Return the newest line on each field, of those that are of this schema and this campaign."""
        if not self.record.is_file():
            return []
        rows = [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()]
        return list({row["field"]: row for row in rows if row["of"] == self._of()}.values())

    def _of(self) -> list[Any]:
        return [hashlib.sha256(printed().encode()).hexdigest()[:16], self.examples, self.seed]

    def _fuzzed(self, connection: Connection, fields: Sequence[tuple[str, str]]) -> Iterator[Row]:
        of, examples, seed = self._of(), self.examples, self.seed
        if self.processes == 1:
            with opened(connection) as fuzzer:
                yield from (fuzzed(fuzzer, kind, name, of, examples, seed) for kind, name in fields)
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.processes, spawn, _begin, (connection,)) as pool:
            try:
                asked = [pool.submit(_fuzzed_there, kind, name, of, examples, seed) for kind, name in fields]
                for done in as_completed(asked):
                    yield done.result()
            finally:
                pool.shutdown(cancel_futures=True)


def fuzzed(fuzzer: Fuzzer, kind: str, name: str, of: list[Any], examples: int, seed: int) -> Row:
    """Fuzz one root field, a new world for each turn, and return what became of it."""
    found, begin = Fuzzed(), time.perf_counter()
    for turn, sent in enumerate(range(0, examples, TURN)):
        fuzzer.renew()
        found.add(fuzzer.run(kind.title(), name, min(TURN, examples - sent), start=1_000 * seed + turn))
    counted = {**asdict(replace(found, codes=Counter())), "codes": dict(found.codes)}
    return {"field": f"{kind} {name}", "of": of, "seconds": round(time.perf_counter() - begin, 2), **counted}


def figures(rows: Iterable[Row], fields: int) -> list[Figure]:
    """Return what a campaign on so many fields came to."""
    rows = list(rows)
    defects = [
        f"{row['field']}: {what}: {one['request']}" for row in rows for what, one in row["defects"].items()
    ]  # fmt: skip
    slowest = max(rows, key=lambda row: float(row["slowest"]), default=None)
    return [
        Figure("root fields", len(rows), least=fields),
        Figure("operations", sum(row["sent"] for row in rows)),
        Figure("answered without an error", sum(row["codes"].get("answered", 0) for row in rows)),
        Figure("asked again, out of time", sum(row["waited"] for row in rows)),
        Figure("slowest answer", slowest["slowest"] if slowest else 0.0, "s"),
        Figure("server errors", len(defects), most=0, examples=tuple(defects)),
    ]


def fuzzing(
    record: Path, examples: int, seed: int, processes: int, named: Sequence[str] | None, resume: bool
) -> list[Figure]:
    """A4: operations drawn from the schema, for every root field or those that are named."""
    record.parent.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(record, examples, seed, processes)
    fields = [one for one in FIELDS if not named or one[1] in named]
    with tempfile.TemporaryDirectory(prefix="workatlas-faults-") as folder:
        server = Server(Path(folder))
        try:
            campaign.run(server.open_database(), fields, resume=resume)
        finally:
            stop(server.settings)
    chosen = {" ".join(one) for one in fields}
    return figures([row for row in campaign.rows() if row["field"] in chosen], len(fields))


def _line(row: Row) -> str:
    rate = row["sent"] / row["seconds"] if row["seconds"] else 0.0
    line = f"{row['field']:40} {row['sent']:>6} operations {len(row['defects']):>3} defects {rate:>7.1f}/s"
    return "\n".join([line, *(f"    {what}" for what in row["defects"])])


_FUZZERS: Final[list[Fuzzer]] = []
"""What a process of the pool works with: one, from its beginning to its end."""


def _begin(connection: Connection) -> None:
    collect_seldom()
    stack = ExitStack()
    _FUZZERS.append(stack.enter_context(opened(connection)))
    Finalize(None, stack.close, exitpriority=0)


def _fuzzed_there(kind: str, name: str, of: list[Any], examples: int, seed: int) -> Row:
    return fuzzed(_FUZZERS[0], kind, name, of, examples, seed)
