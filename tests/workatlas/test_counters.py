"""Counts by name: what a plain dictionary would say of them, also when several processes count at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from hypothesis import given, settings
from hypothesis import strategies as st

from workatlas.counters import open_counters

COUNTING = """
import sys
from pathlib import Path
from workatlas.counters import open_counters
with open_counters(Path(sys.argv[1])) as counters:
    print("open", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2])):
        counters.add("together", 1, 600)
    print("counted", flush=True)
    sys.stdin.readline()  # those who are done do not keep the others from it
    while True:
        counters.add("kill me", 1, 600)
"""


@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 10**6), st.floats(0, 90, allow_nan=False)), max_size=40
    )
)
def test_a_count_begins_anew_when_its_time_is_over(steps: list[tuple[str, int, float]]) -> None:
    now = 1_000.0
    known: dict[str, tuple[int, float]] = {}
    with open_counters(clock=lambda: now) as counters:
        for name, amount, pause in steps:
            now += pause
            number, until = known.get(name, (0, 0.0))
            if now >= until:
                number, until = 0, now + 60
            known[name] = (number + amount, until)
            count = counters.add(name, amount, 60)
            assert (count.number, count.seconds) == (number + amount, until - now)
            for one, (expected, end) in known.items():
                assert counters.of(one) == (expected if now < end else 0)
        now += 120
        counters.add("a", 1, 60)
        assert counters._database.execute("SELECT name FROM count").fetchall() == [("a",)]


@contextmanager
def _counting(folder: Path, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes that count, and kill at the end those that are left."""
    line = [sys.executable, "-c", COUNTING, str(folder), "500"]
    processes = [subprocess.Popen(line, stdin=-1, stdout=-1, text=True) for _ in range(number)]
    try:
        yield processes
    finally:
        for one in processes:
            one.kill()
            one.communicate()


def test_processes_share_counts_and_a_killed_one_holds_nothing_up(tmp_path: Path) -> None:
    with open_counters(tmp_path) as counters, _counting(tmp_path, 3) as processes:
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "open\n"
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "counted\n"
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        while counters.of("kill me") < 100:
            time.sleep(0.01)
        for one in processes:  # in the middle of a step, most likely
            psutil.Process(one.pid).kill()
            one.communicate()
        assert counters.of("together") == 1_500
        before = counters.of("kill me")
        assert counters.add("kill me", 1, 600).number == before + 1
