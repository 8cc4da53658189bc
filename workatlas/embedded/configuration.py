"""What the embedded Neo4j and its Java are told: ``neo4j.conf`` and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workatlas.embedded.profile import HOST, Profile
from workatlas.settings import Settings

MAIN_CLASS = "org.neo4j.server.Neo4jCommunity"

# Neo4j reaches into these packages; without the flags it warns or does not start on Java 21 and newer.
JAVA_FLAGS = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-XX:+ExitOnOutOfMemoryError",
)


def neo4j_conf(settings: Settings, port: int) -> str:
    """Return the text of ``neo4j.conf``."""
    values = {
        # One door: Bolt on loopback.
        "server.default_listen_address": HOST,
        "server.bolt.listen_address": f"{HOST}:{port}",
        "server.bolt.advertised_address": f"{HOST}:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.usage_report.enabled": "false",
        "server.memory.pagecache.size": settings.page_cache_size,
        # A runaway ends with an error instead of taking the server with it. Bulk loads commit in batches that need
        # seconds; a longer timeout can be asked for per transaction.
        "db.memory.transaction.max": settings.transaction_memory,
        "db.transaction.timeout": "10m",
        # How late a timeout may be noticed: by two seconds if this is not set.
        "db.transaction.monitor.check.interval": "500ms",
        "db.lock.acquisition.timeout": "30s",
        # 256 MB reserved for each of two logs is much for a laptop.
        "db.tx_log.preallocate": "false",
        "db.tx_log.rotation.size": "64m",
        "db.tx_log.rotation.retention_policy": "1 days 512M",
        # By default a stop waits 10 s for connections that nobody has any more.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period_duration": "0s",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def java_arguments(settings: Settings, class_path: str, extra: Sequence[str] = ()) -> str:
    """Return the content of Java's argument file: flags, memory, class path; ``extra`` comes before the class path.

    A file and not a command line, because 225 paths do not fit into one everywhere.
    """
    heap = [f"-Xms{_start_heap(settings.heap_size)}", f"-Xmx{settings.heap_size}"]
    arguments = [*JAVA_FLAGS, *heap, *extra, "-classpath", class_path]
    return "".join(f"{_quoted(argument)}\n" for argument in arguments)


def server_command(java: Path, arguments: Path, profile: Profile) -> list[str]:
    """Return the command line that starts the profile's server."""
    homes = [f"--home-dir={profile.folder}", f"--config-dir={profile.configuration}"]
    return [str(java), f"@{arguments}", MAIN_CLASS, *homes]


def _start_heap(heap_size: str) -> str:
    """Start with what a small graph needs, but never with more than the largest heap allowed."""
    factor = {"k": 1, "m": 1 << 10, "g": 1 << 20}.get(heap_size[-1:].lower(), 0)
    digits = heap_size[:-1]
    return "256m" if factor and digits.isdigit() and int(digits) * factor >= 256 << 10 else heap_size


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
