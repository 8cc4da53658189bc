from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workatlas.embedded.configuration import java_arguments, neo4j_conf
from workatlas.settings import Settings

SETTINGS = Settings(home=Path("home"), cache=Path("cache"))


def conf(settings: Settings) -> dict[str, str]:
    return dict(line.split("=", 1) for line in neo4j_conf(settings, 17687).splitlines())


def test_only_bolt_listens_and_only_on_loopback() -> None:
    values = conf(SETTINGS)
    addresses = {value for name, value in values.items() if "address" in name}
    assert addresses == {"127.0.0.1", "127.0.0.1:17687"}
    assert values["server.http.enabled"] == values["server.https.enabled"] == "false"


def test_memory_follows_the_settings() -> None:
    chosen = replace(SETTINGS, page_cache_size="64m", transaction_memory="300m", heap_size="2g")
    assert conf(chosen)["server.memory.pagecache.size"] == "64m"
    assert conf(chosen)["db.memory.transaction.max"] == "300m"
    assert '"-Xmx2g"' in java_arguments(chosen, "a.jar").splitlines()


@pytest.mark.parametrize(
    ("heap", "start"), [("2g", "256m"), ("256m", "256m"), ("128m", "128m"), ("100000k", "100000k"), ("odd", "odd")]
)
def test_the_heap_starts_small_but_never_above_its_limit(heap: str, start: str) -> None:
    assert f'"-Xms{start}"' in java_arguments(replace(SETTINGS, heap_size=heap), "a.jar").splitlines()


def test_paths_with_blanks_quotes_and_backslashes_survive_javas_argument_file() -> None:
    lines = java_arguments(SETTINGS, 'C:\\My Files\\a "b".jar').splitlines()
    assert lines[-2:] == ['"-classpath"', '"C:\\\\My Files\\\\a \\"b\\".jar"']
