"""The Kubernetes project's YAML: read with dates as text, handles and releases in their many spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from graph.batch import Anomaly, Ref

SOURCE: Final = "k8s"
NOBODY: Final = frozenset({"", "tbd", "n/a", "none", "null", "-"})
_HANDLE = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader without timestamps: a day that does not exist must not make a whole file unreadable."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def person(handle: str) -> Ref:
    """Point at a person by GitHub handle, whose case does not matter."""
    return Ref(SOURCE, f"person/{handle.lower()}", "Person")


def team(directory: str) -> Ref:
    """Point at a group by its directory, such as ``sig-storage``."""
    return Ref(SOURCE, f"team/{directory}", "Team")


def portfolio(directory: str) -> Ref:
    """Point at what a group answers for: its proposals and meetings."""
    return Ref(SOURCE, f"portfolio/{directory}", "Portfolio")


def parsed(file: Path) -> Mapping[str, Any] | Anomaly:
    """Return a file's content, or what keeps it from being read."""
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        problem = getattr(error, "problem", None) or "it is not UTF-8"
        return Anomaly("brokenYaml", str(problem), f"{file}:{line}", skipped=True)
    if not isinstance(content, dict):
        return Anomaly("unknownFile", "it holds no mapping", f"{file}:1", skipped=True)
    return content


def handle_of(text: object) -> str | None:
    """Return a GitHub handle as it is meant: ``@ann``, ``ann``, ``“@ann”``; ``None`` for anything else.

    Names of people and e-mail addresses are no handles.
    """
    found = _HANDLE.fullmatch(str(text).strip().strip("“”\"'").strip())
    return found[1] if found else None


def without_addresses(text: str) -> str:
    """Return a text with every e-mail address taken out of it."""
    return _ADDRESS.sub("…", text)


def release_of(text: object) -> tuple[int, int] | None:
    """Return a release as numbers: ``v1.27``, ``1.27``; of several the last; ``None`` where there is none."""
    found = _RELEASE.findall(str(text)) if str(text) != "0.0" else []
    return (int(found[-1][0]), int(found[-1][1])) if found else None


def entries(value: object) -> Iterator[object]:
    """Yield the entries of a list, or the one thing that stands where a list should."""
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def where(file: Path, text: str) -> str:
    """Name the first line that holds ``text``; the parser keeps no positions."""
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if text in line:
            return f"{file}:{number}"
    return f"{file}:1"
