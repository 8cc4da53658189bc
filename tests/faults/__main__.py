"""``scripts/faults``: long trials with hostile and unlucky clients; each prints figures and what they have to be."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.campaign import FIELDS, fuzzing
from tests.faults.figures import Figure, printed
from tests.faults.hostile import hostile_requests
from tests.faults.injecting import injected_faults
from tests.faults.killing import kill_the_database, kill_the_server
from tests.faults.load import overload, soak
from tests.faults.storms import cut_reader, storm

Trial = Callable[[argparse.Namespace], Iterable[Figure]]


def _tests(path: str, variable: str, number: int) -> Iterator[Figure]:
    """Run tests of the suite with a greater number than there; what they record of themselves is added up."""
    with tempfile.TemporaryDirectory(prefix="workatlas-faults-") as folder:
        report = Path(folder) / "report.xml"
        line = [sys.executable, "-m", "pytest", "-q", path, f"--junit-xml={report}", "-o", "junit_family=xunit1"]
        subprocess.run(line, env=os.environ | {variable: str(number)}, check=False)
        suite = ElementTree.parse(report).getroot()
    recorded: defaultdict[str, float] = defaultdict(float)
    for one in suite.iter("property"):
        recorded[one.attrib["name"]] += float(one.attrib["value"])
    for name, value in recorded.items():
        yield Figure(name, value, least=1)
    tests = list(suite.iter("testcase"))
    failed = [one.attrib["name"] for one in tests if one.find("failure") is not None or one.find("error") is not None]
    yield Figure("tests", len(tests), least=1)
    yield Figure("tests that failed", len(failed), most=0, examples=tuple(failed))


TRIALS: dict[str, tuple[str, Trial]] = {
    "fuzzing": (
        "A4: operations drawn from the schema, for every root field",
        lambda given: fuzzing(given.record, given.examples, given.seed, given.processes, given.field, given.resume),
    ),
    "canaries": (
        "T1: requests by strangers to what is full of canaries",
        lambda given: _tests("tests/resolvers/test_canaries.py", "WORKATLAS_CANARY_REQUESTS", given.requests),
    ),
    "hostile": (
        "A2: hostile requests, beside innocent ones",
        lambda given: hostile_requests(given.rounds, given.together),
    ),
    "server-kills": ("W1: the server is killed under writers", lambda given: kill_the_server(given.kills, given.seed)),
    "database-kills": (
        "W2: Neo4j is killed under the server",
        lambda given: kill_the_database(max(given.kills // 2, 1), given.seed),
    ),
    "injected": (
        "O4: statements that fail in the middle of requests",
        lambda given: injected_faults(given.faults, given.seed),
    ),
    "storm": (
        "W5: writers after the same few items, through two servers",
        lambda given: storm(given.seconds, given.seed),
    ),
    "cut-reader": (
        "W7: a reader of the log is cut off and resumes",
        lambda given: cut_reader(given.writes, given.cuts, given.seed),
    ),
    "overload": ("R2: three times the load at which the server does most", lambda given: overload(given.seconds)),
}
SOAK: tuple[str, Trial] = (
    "R1: reads, writes and subscribers for long",
    lambda given: soak(given.minutes, given.rate, given.subscribers),
)


def main() -> int:
    """Run the trials that are named, all of them where none is; return 1 if a figure does not hold."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__.partition(": ")[2])
    names = ", ".join(TRIALS)
    trials = TRIALS | {"soak": SOAK}
    parser.add_argument("trial", nargs="*", help=f"which of {names} (all of them where none is named), or soak")
    for name, number, what in (
        ("kills", 20, "kills of the server; half as many of Neo4j"),
        ("examples", 2_000, "operations that are drawn for a root field"),
        ("requests", 3_400, "queries of each of two strangers; half as many mutations"),
        ("rounds", 20, "times that each hostile request is sent"),
        ("together", 8, "hostile clients at once"),
        ("faults", 1_000, "statements that are made to fail"),
        ("seconds", 30, "length of the storm, and of each measurement under overload"),
        ("writes", 20_000, "changes while a reader is cut off"),
        ("cuts", 50, "times that it is"),
        ("seed", 1, "of what is drawn"),
        ("minutes", 12, "length of the soak"),
        ("rate", 200, "its requests a second, a tenth of them writes"),
        ("subscribers", 200, "its subscribers"),
    ):
        parser.add_argument(f"--{name}", type=int, default=number, help=f"{what} (default: {number:,})")
    fuzz = parser.add_argument_group("fuzzing")
    fuzz.add_argument("--field", action="append", choices=sorted({name for _, name in FIELDS}), metavar="NAME",
                      help="only this root field; may be given several times (default: all)")  # fmt: skip
    fuzz.add_argument(
        "--processes", type=int, default=(os.cpu_count() or 1) + 1, help="that fuzz (default: %(default)s)"
    )
    fuzz.add_argument("--record", type=Path, default=Path("build/fuzzing.jsonl"),
                      help="file with a line on each field, and with what failed (default: %(default)s)")  # fmt: skip
    fuzz.add_argument("--resume", action="store_true", help="leave out the fields that held, as the record tells")
    given = parser.parse_args()
    unknown = [one for one in given.trial if one not in trials]
    if unknown:
        parser.error(f"there is no trial {unknown[0]!r}; choose of {names}, soak")
    right = [printed(f"{name} – {trials[name][0]}", trials[name][1](given)) for name in given.trial or TRIALS]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
