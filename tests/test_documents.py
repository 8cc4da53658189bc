"""The documents agree with the code: links, commands, settings, queries and examples."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import standardwebhooks
import typer
from graphql import build_schema, parse, validate

from graph.batch import EdgeRow, NodeRow
from graph.rules.lifecycle import DEFAULT_STATUSES
from graph.rules.validation import Vocabulary
from graph.writing.loading import strict_problems
from tests.test_repository import ROOT, tracked
from workatlas import cli
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.settings import Settings

DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARIABLE: Final = re.compile(r"\b(?:WORKATLAS|NEO4J)_[A-Z][A-Z0-9_]*\b")
SCHEMA: Final = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
COMMANDS: Final[Any] = typer.main.get_command(cli.app)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(path.read_text(encoding="utf-8")) if found == language]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every command line of a code block or a code span, with its place."""
    for path in DOCUMENTS:
        lines = [line for body in blocks(path, "") for line in body.splitlines()]
        for line in lines:
            line = re.sub(r"^\S*\.venv/bin/", "", line).replace("./scripts/run", "workatlas demo")
            if line.startswith("workatlas "):
                yield name_of(path), shlex.split(line, comments=True)[1:]
        for span in re.findall(r"`workatlas ([a-z][^`\n]+)`", path.read_text(encoding="utf-8")):
            yield name_of(path), re.sub(r"[\[\]…]", "", span).split()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        if ":" in file:
            continue
        path = document.parent / file if file else document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}, target


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=name_of)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    assert f"(docs/{page.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("place", "arguments"), list(commands()))
def test_every_command_is_one_that_workatlas_takes(
    place: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is parsed as the command line would, without being run."""
    command: Any = COMMANDS
    words = list(arguments)
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, f"{place}: there is no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    if not words:
        return  # a command that the text only names
    monkeypatch.chdir(tmp_path)
    for word in words:  # the files that an example reads
        if not word.startswith(("-", "/")):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    command.make_context("workatlas", words)


def test_there_are_commands_to_check() -> None:
    assert {place for place, _ in commands()} >= {"README.md", "docs/quickstart.md", "docs/operations.md"}


def test_the_commands_of_the_readme_are_those_that_print_answers() -> None:
    named = set(re.findall(r"^\| `workatlas ([\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    shell = {"db", "demo", "export", "generate", "import", "key", "serve", "webhook"}
    assert named == COMMANDS.commands.keys() - shell


class Recorder(Mapping[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_of, self.asked = values, set[str]()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


def read_by_settings() -> set[str]:
    environ = Recorder({})
    Settings.from_environ(environ)
    return environ.asked


def read_elsewhere() -> Iterator[str]:
    """Yield variables that modules ask ``environ`` for themselves, and that scripts use."""
    for path in tracked("*.py"):
        if path.relative_to(ROOT).parts[0] in {"tests", "benchmarks"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked = node.slice if isinstance(node, ast.Subscript) else None
            asked = node.args[0] if isinstance(node, ast.Call) and node.args else asked
            text = ast.unparse(node)
            if isinstance(asked, ast.Constant) and re.match(r"(os\.)?(environ(\.get)?|getenv)[\[(]", text):
                yield str(asked.value)
    for path in tracked("scripts"):
        if not path.suffix:
            yield from VARIABLE.findall(path.read_text(encoding="utf-8"))


def test_operations_lists_exactly_the_variables_that_are_read() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.MULTILINE)
    read = {name for name in read_by_settings() | set(read_elsewhere()) if VARIABLE.fullmatch(name)}
    assert len(listed) == len(set(listed))
    assert set(listed) == read


def test_operations_gives_the_defaults_of_the_settings() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| `([^`]+)` \|", text, re.MULTILINE))
    assert len(listed) >= 7
    assert Settings.from_environ(listed | {"WORKATLAS_HOME": "~/a", "WORKATLAS_CACHE": "~/b"}) == Settings.from_environ(
        {"WORKATLAS_HOME": "~/a", "WORKATLAS_CACHE": "~/b"}
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_document_names_a_variable_that_is_not_read(document: Path) -> None:
    read = read_by_settings() | set(read_elsewhere())
    assert set(VARIABLE.findall(document.read_text(encoding="utf-8"))) <= read


@pytest.mark.parametrize(
    ("place", "document"), [(name_of(path), body) for path in DOCUMENTS for body in blocks(path, "graphql")]
)
def test_every_query_is_valid(place: str, document: str) -> None:
    assert validate(SCHEMA, parse(document)) == [], place


def test_the_readmes_curl_asks_a_valid_query() -> None:
    (body,) = re.findall(r"-d '(\{.*\})'", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert validate(SCHEMA, parse(json.loads(body)["query"])) == []


@pytest.mark.parametrize(
    "text",
    [*blocks(ROOT / "docs" / "quickstart.md", "jsonl"), *blocks(ROOT / "docs" / "model.md", "jsonl")],
    ids=["quickstart", "model"],
)
def test_every_plan_loads_without_a_remark(text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_text(text, encoding="utf-8")
    records = list(IMPORTERS["jsonl"].read([file], ImportOptions()))
    assert list(strict_problems(records, Vocabulary(DEFAULT_STATUSES, {}))) == []
    assert {type(record) for record in records} >= {NodeRow, EdgeRow}
    assert len(records) == len(text.splitlines())


def test_the_quickstarts_python_prints_the_chain_that_it_builds() -> None:
    (code,) = blocks(ROOT / "docs" / "quickstart.md", "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "quickstart", "exec"), {})
    assert "choose" in printed.getvalue()
    assert "96 working hours" in printed.getvalue()


def test_the_example_of_a_receiver_tells_genuine_messages_from_others() -> None:
    (code,) = blocks(ROOT / "docs" / "webhooks.md", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "webhooks", "exec"), names)
    secret, body, now = f"whsec_{base64.b64encode(bytes(range(32))).decode()}", '{"n": "ä"}', datetime.now(UTC)
    signature = standardwebhooks.Webhook(secret).sign("msg_1", now, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {signature}",
    }
    assert names["is_genuine"](secret, headers, body.encode())
    assert not names["is_genuine"](secret, headers, body.encode() + b" ")
    for name, value in (("webhook-id", "msg_2"), ("webhook-timestamp", "1700000000"), ("webhook-signature", "v1,AAAA")):
        assert not names["is_genuine"](secret, headers | {name: value}, body.encode())
    old = now - timedelta(minutes=6)
    late = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(old.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign("msg_1", old, body),
    }
    assert not names["is_genuine"](secret, late, body.encode())


EXAMPLE: Final = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES: Final = EXAMPLE.findall((ROOT / "docs" / "analytics.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("code", "expected"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_an_analysis_prints_what_stands_below_it(code: str, expected: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "analytics", "exec"), {})
    assert printed.getvalue() == expected


def test_every_python_block_of_the_analyses_is_such_an_example() -> None:
    assert len(blocks(ROOT / "docs" / "analytics.md", "python")) == len(EXAMPLES) > 0
