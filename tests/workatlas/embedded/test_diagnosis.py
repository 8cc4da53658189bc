from __future__ import annotations

from pathlib import Path

import pytest

from workatlas.embedded.diagnosis import known_cause, port_was_taken, unknown_cause
from workatlas.embedded.profile import Profile

PROFILE = Profile(Path("folder"))


# What Java 25 and Neo4j 2026.08.1 print, noted from real failures.
@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("java.io.IOException: No space left on device", "set WORKATLAS_HOME to a folder on another disk"),
        ("Error occurred during initialization of VM\nToo small maximum heap", "WORKATLAS_NEO4J_HEAP"),
        ("Invalid maximum heap size: -Xmxlots", "write it as 512m or 2g"),
        ("# There is insufficient memory for the Java Runtime Environment to continue.", "WORKATLAS_NEO4J_HEAP"),
        ("\nexit status -9\n", "too little free memory"),
        ("Error evaluating value for setting 'server.memory.pagecache.size'. 'lots' is", "WORKATLAS_NEO4J_PAGE_CACHE"),
        ("java.lang.UnsupportedClassVersionError: org/neo4j/server/Neo4jCommunity", "JDK 21 or newer"),
        ("FileLockException: Lock file has been locked by another process", "another Neo4j holds the data in folder"),
        ("java.nio.file.AccessDeniedException: folder/data", "it may not write to folder"),
    ],
)
def test_a_known_cause_says_what_to_do(printed: str, advice: str) -> None:
    assert advice in str(known_cause(printed, PROFILE))


def test_an_unknown_cause_quotes_what_was_printed_last_and_names_the_file() -> None:
    assert known_cause("Something new", PROFILE) is None
    text = str(unknown_cause("[0.1s][error][cds] noise\nSomething new\n\n[0.2s] noise\n", PROFILE))
    assert "(Something new)" in text
    assert str(PROFILE.console) in text


def test_a_taken_port_is_told_from_other_causes() -> None:
    assert port_was_taken("Caused by: java.net.BindException: Address already in use")
    assert not port_was_taken("Caused by: java.io.IOException: No space left on device")
