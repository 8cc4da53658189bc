"""Rewrite ``workatlas/embedded/artifacts.txt``: the jars of one Neo4j version, with their hashes.

``python scripts/lock_artifacts.py --gds 2.26.0`` rewrites ``benchmarks/gds.txt`` instead: the jars of Neo4j's Graph
Data Science library, a peer of benchmarks.

``python scripts/lock_artifacts.py 2026.08.1`` asks Maven (``mvn``, with the repositories of the user's own Maven
settings) which artifacts ``org.neo4j:neo4j`` needs at run time, and hashes each. Maven and not jgo's own
resolver, because only Maven's choice between two versions of one dependency is the one that Neo4j is tested with.
The version is then replaced wherever the project names it, so that moving to another Neo4j is this one command.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "workatlas" / "embedded" / "artifacts.txt"
MENTIONS = (ROOT / "workatlas" / "embedded" / "artifacts.py", ROOT / "compose.yaml")
GDS_TARGET = ROOT / "benchmarks" / "gds.txt"
GDS_HEADER = """\
# The jars of Neo4j Graph Data Science, a peer of benchmarks (GPL, never a part of workatlas), one a line as in
# workatlas/embedded/artifacts.txt. Made by scripts/lock_artifacts.py; a jar that does not match its line is refused.
"""
HEADER = """\
# The jars of Neo4j Community, one a line: SHA-256, bytes, Maven coordinates (group:artifact:version[:classifier]).
# Made by scripts/lock_artifacts.py; a fetched jar that does not match its line is refused.
"""
PROJECT = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>workatlas</groupId><artifactId>lock</artifactId><version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""
DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
NEO4J = (("org.neo4j", "neo4j"),)
GDS = (("org.neo4j.gds", "opengds-extension"), ("org.neo4j.gds", "proc"))


def main(arguments: list[str]) -> int:
    """Write the list for the version given as the only argument, or after ``--gds``."""
    if len(arguments) == 2 and arguments[0] == "--gds":
        _write(GDS_TARGET, GDS_HEADER, _resolved(GDS, arguments[1]))
        return 0
    if len(arguments) != 1:
        print("usage: lock_artifacts.py [--gds] VERSION", file=sys.stderr)
        return 2
    lines = _resolved(NEO4J, arguments[0])
    for path in MENTIONS:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(_locked_version(), arguments[0]), encoding="utf-8")
    _write(TARGET, HEADER, lines)
    return 0


def _write(target: Path, header: str, lines: Sequence[str]) -> None:
    target.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} artifacts written to {target}")


def _resolved(wanted: Sequence[tuple[str, str]], version: str) -> list[str]:
    """Return the lines of a list, by their coordinates."""
    with tempfile.TemporaryDirectory() as folder:
        return sorted(_resolve(wanted, version, Path(folder)), key=lambda line: line.split()[2])


def _locked_version() -> str:
    """Return the version of Neo4j that the list holds now."""
    (version,) = re.findall(r" org\.neo4j:neo4j:(\S+)$", TARGET.read_text(encoding="utf-8"), re.MULTILINE)
    return str(version)


def _resolve(wanted: Sequence[tuple[str, str]], version: str, folder: Path) -> list[str]:
    """Return a line for each artifact that some need at run time in a version, fetched by Maven into ``folder``."""
    dependencies = "".join(DEPENDENCY.format(*one, version) for one in wanted)
    (folder / "pom.xml").write_text(PROJECT.format(dependencies=dependencies), encoding="utf-8")
    listing = folder / "listing.txt"
    command = [
        "mvn",
        "--batch-mode",
        "--quiet",
        "-f",
        str(folder / "pom.xml"),
        "dependency:list",
        "dependency:copy-dependencies",
    ]
    options = ["-DincludeScope=runtime", f"-DoutputFile={listing}", f"-DoutputDirectory={folder / 'jars'}"]
    subprocess.run([*command, *options, "-Dmdep.useRepositoryLayout=true"], check=True)
    return [
        _line(text.split()[0], folder / "jars") for text in listing.read_text("utf-8").splitlines() if ":jar:" in text
    ]


def _line(coordinates: str, repository: Path) -> str:
    """Return the list's line for ``group:artifact:jar[:classifier]:version:scope`` in a repository folder."""
    group, artifact, _, *classifier, version, _ = coordinates.split(":")
    name = "-".join([artifact, version, *classifier]) + ".jar"
    content = repository.joinpath(*group.split("."), artifact, version, name).read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {len(content)} {':'.join([group, artifact, version, *classifier])}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
