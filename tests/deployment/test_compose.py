from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.connection import Connection
from workatlas.embedded import NEO4J_VERSION
from workatlas.embedded.configuration import neo4j_conf
from workatlas.settings import Settings

ROOT = Path(__file__).parents[2]
INTERPOLATION = re.compile(r"\$\{(\w+):-([^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def neo4j(compose: Any) -> Any:
    return compose["services"]["neo4j"]


def test_the_image_is_the_neo4j_that_the_code_runs(neo4j: Any) -> None:
    assert neo4j["image"] == f"neo4j:{NEO4J_VERSION}-community"


def test_only_workatlas_reaches_the_database(compose: Any, neo4j: Any) -> None:
    assert "ports" not in neo4j
    assert neo4j["networks"] == ["database"]
    assert compose["networks"]["database"]["internal"] is True
    assert [port.split(":")[0] for port in compose["services"]["workatlas"]["ports"]] == ["127.0.0.1"]


def test_no_secret_stands_in_the_file(compose: Any) -> None:
    for name, service in compose["services"].items():
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable or "AUTH" in variable:
                assert variable.endswith("_FILE"), name
                secret = value.removeprefix("/run/secrets/")
                assert secret in service["secrets"]
                assert compose["secrets"][secret]["file"].startswith("secrets/")


def test_the_secrets_stay_out_of_the_repository_and_the_image(compose: Any) -> None:
    for secret in compose["secrets"].values():
        assert secret["file"].startswith("secrets/")
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    ignored, *kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored == "*"
    assert "!secrets" not in kept


def test_every_named_volume_is_declared_and_used(compose: Any) -> None:
    used = {volume.split(":")[0] for service in compose["services"].values() for volume in service["volumes"]}
    assert used == set(compose["volumes"])


def test_neo4j_is_set_as_the_embedded_one_is(neo4j: Any, tmp_path: Path) -> None:
    settings = Settings.from_environ({"WORKATLAS_HOME": str(tmp_path)})
    embedded = dict(line.split("=", 1) for line in neo4j_conf(settings, 1).splitlines())
    embedded["server.memory.heap.max_size"] = settings.heap_size
    embedded["server.memory.heap.initial_size"] = "256m"
    chosen = {name: value for name, value in neo4j["environment"].items() if name != "NEO4J_AUTH_FILE"}
    assert len(chosen) > 5
    for variable, value in chosen.items():
        # The image's rule for names: a dot is written as one underscore, an underscore as two.
        name = "_".join(part.replace("_", ".") for part in variable.removeprefix("NEO4J_").split("__"))
        assert embedded[name] == INTERPOLATION.sub(r"\2", value), name


def test_interpolated_variables_are_those_of_the_settings(neo4j: Any, tmp_path: Path) -> None:
    environ = {"WORKATLAS_HOME": str(tmp_path)}
    plain = Settings.from_environ(environ)
    found = dict(INTERPOLATION.findall(yaml.safe_dump(neo4j["environment"])))
    assert len(found) == 3
    for variable, default in found.items():
        assert Settings.from_environ({**environ, variable: default}) == plain
        assert Settings.from_environ({**environ, variable: "3g"}) != plain


def test_workatlas_understands_its_environment(compose: Any, tmp_path: Path) -> None:
    environment = dict(compose["services"]["workatlas"]["environment"])
    password = tmp_path / "password"
    password.write_text("a-password\n", encoding="utf-8")
    environment["NEO4J_PASSWORD_FILE"] = str(password)
    settings = Settings.from_environ(environment)
    assert settings.neo4j_uri == "bolt://neo4j:7687"
    assert settings.neo4j_password == "a-password"


def _health_check(neo4j: Any, port: int) -> int | None:
    """Run the health check against a port of this machine; return its exit status, ``None`` for no answer in time."""
    command = [part.replace("$$", "$").replace("/7687", f"/{port}") for part in neo4j["healthcheck"]["test"][1:]]
    # A session of its own, because what waits at the end of bash's pipe outlives bash.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            return process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def test_the_health_check_knows_a_neo4j(neo4j: Any, connection: Connection) -> None:
    assert _health_check(neo4j, int(connection.uri.rsplit(":", 1)[1])) == 0


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_the_health_check_waits_in_vain_for_a_mute_port(neo4j: Any, port: socket.socket) -> None:
    assert _health_check(neo4j, port.getsockname()[1]) is None


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\0"], ids=["hangs-up", "knows-no-version"])
def test_the_health_check_refuses_another_answer(neo4j: Any, port: socket.socket, answer: bytes) -> None:
    def answer_once() -> None:
        peer, _ = port.accept()
        with peer:
            peer.recv(20)
            peer.sendall(answer)

    thread = threading.Thread(target=answer_once)
    thread.start()
    assert _health_check(neo4j, port.getsockname()[1]) == 1
    thread.join(timeout=5)


def test_the_health_check_refuses_a_closed_port(neo4j: Any, port: socket.socket) -> None:
    number = port.getsockname()[1]
    port.close()
    assert _health_check(neo4j, number) == 1


def test_the_documented_commands_make_the_secrets(tmp_path: Path) -> None:
    lines = [line.lstrip("# ") for line in (ROOT / "compose.yaml").read_text().splitlines() if line.startswith("#   ")]
    subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=tmp_path, check=True)
    password = (tmp_path / "secrets" / "neo4j-password").read_text()
    assert len(password) == 48
    assert (tmp_path / "secrets" / "neo4j-auth").read_text() == f"neo4j/{password}"
    assert os.stat(tmp_path / "secrets").st_mode & 0o777 == 0o700
