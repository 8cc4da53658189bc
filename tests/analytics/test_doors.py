"""Every analysis answers alike by function, command and GraphQL, on real and generated workspaces."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
from graphql import build_schema

from graph.connection import Connection
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import open_store
from resolvers.access import Viewer
from resolvers.bounds import Bounds
from resolvers.context import Context
from resolvers.schema import execute, printed
from tests.analytics.questions import QUESTIONS, Question, compared, keys_of
from tests.workatlas.commands import answer as parsed
from tests.workatlas.commands import command as runner
from tests.workatlas.commands import environment_of
from workatlas.cli import app

NOW: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)


def graphql(connection: Connection, snapshot: Snapshot, today: date, question: Question, scope: str | None) -> Any:
    async def asked() -> Any:
        async with open_store(connection) as store:
            viewer = Viewer.local(snapshot.workspace)
            keeper = SnapshotKeeper(store, snapshot.workspace)
            context = Context(store, viewer, keeper, lambda: today, "request-1", Bounds(), now=lambda: NOW)
            return await execute(question.document(keys_of(snapshot), scope), {}, None, context)

    answer = asyncio.run(asked())
    assert "errors" not in answer.body, answer.body
    return question.over_graphql(answer.body["data"])


def command(
    connection: Connection, snapshot: Snapshot, today: date, question: Question, scope: str | None, home: Path
) -> Any:
    environment = environment_of(connection, home, WORKATLAS_WORKSPACE=snapshot.workspace)
    return parsed(runner(environment)(*question.words(keys_of(snapshot), today, scope)))


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_analysis_answers_alike_at_every_door(
    connection: Connection, workspace: tuple[Snapshot, date], tmp_path: Path, name: str, scoped: bool
) -> None:
    (snapshot, today), question = workspace, QUESTIONS[name]
    keys = keys_of(snapshot)
    scope = keys["goal"] if scoped else None
    answer = question.answer(snapshot, keys, today, scope)
    assert answer.completeness.scope == scope
    over_graphql = graphql(connection, snapshot, today, question, scope)
    shown = command(connection, snapshot, today, question, scope, tmp_path)
    for said, expected in compared(name, answer, over_graphql, shown):
        assert said == expected


def test_every_analysis_takes_a_scope_at_every_door() -> None:
    fields = build_schema(printed()).query_type
    assert fields is not None
    commands: Any = typer.main.get_command(app)
    for question in QUESTIONS.values():
        assert "scope" in fields.fields[question.query.split("(")[0]].args
        assert "--scope" in [text for one in commands.commands[question.command.split()[0]].params for text in one.opts]
