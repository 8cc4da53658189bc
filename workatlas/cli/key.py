"""``workatlas key``: the API keys of a workspace."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workatlas.cli.output import console, error_console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, now, settings_for, with_store
from workatlas.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from graph.records.api_keys import ApiKey
    from graph.store import Store

app = typer.Typer(help="The API's keys: make, list and revoke them.", no_args_is_help=True)

_DAY = 86_400_000


class Scope(StrEnum):
    """What a key may be narrowed to: the names of ``resolvers.access.Access``, which takes long to import."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


AllOption = Annotated[bool, typer.Option("--all-workspaces", help="A key of every workspace; for operators.")]


@app.command()
def create(
    role: Annotated[Literal["viewer", "editor", "admin"], typer.Option(help="What its holder is.")] = "viewer",
    name: Annotated[str, typer.Option(help="What it is for, as lists and logs show it.")] = "",
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="Narrow the role to this; may be repeated. All that the role may do when absent."),
    ] = None,
    person: Annotated[str | None, typer.Option(help="Id or key of the person that it stands for.")] = None,
    days: Annotated[int, typer.Option(min=0, max=3650, help="Days until it expires; 0 for never.")] = 365,
    workspace: WorkspaceOption = None,
    all_workspaces: AllOption = False,
    json: JsonOption = False,
) -> None:
    """Make a key and print its token, which is shown this once and stored nowhere."""
    from graph.records import api_keys
    from graph.records.workspace import ensure
    from workatlas.auth.keys import digest_of, new_token

    settings, at = settings_for(workspace), now()
    if all_workspaces and (workspace or person):
        raise SettingsError("a key of every workspace is of no person and no workspace: leave one of the options out.")
    key_id, token = new_token()

    async def work(store: Store) -> ApiKey:
        if not all_workspaces:
            await ensure(store, settings.workspace, at)
        key = api_keys.ApiKey(
            id=key_id,
            digest=digest_of(token),
            name=name or f"{role} {datetime.now(UTC):%Y-%m-%d}",
            role=role,
            scopes=tuple(scope or Scope),
            workspace=None if all_workspaces else settings.workspace,
            person=await _person(store, settings.workspace, person) if person else None,
            created_at=at,
            expires_at=at + days * _DAY if days else None,
        )
        await api_keys.create(store, key)
        return key

    made = with_store(settings, work)
    if json:
        print_json({"token": token, **_shown(made)})
    else:
        console().print(token, highlight=False, soft_wrap=True, markup=False)
        error_console().print("Keep it now: it cannot be shown again.", highlight=False)


async def _person(store: Store, workspace: str, named: str) -> str:
    from graph.records.membership import person_named

    found = await person_named(store, workspace, named)
    if found is None:
        raise NotFoundError(f"workspace {workspace!r} has no person {named!r}: name one by key or id.")
    return found


@app.command("list")
def list_(workspace: WorkspaceOption = None, all_workspaces: AllOption = False, json: JsonOption = False) -> None:
    """List the keys that open the workspace, expired and revoked ones too; tokens are not among what is stored."""
    from graph.records import api_keys

    settings = settings_for(workspace)

    async def work(store: Store) -> list[ApiKey]:
        return await api_keys.listed(store, None if all_workspaces else settings.workspace)

    shown = [_shown(key) for key in with_store(settings, work)]
    if json:
        print_json(shown)
        return
    from workatlas.cli.chains import print_table

    columns = ("id", "name", "role", "workspace", "state", "lastUsedAt")
    print_table(columns, [tuple(str(one[column] or "–") for column in columns) for one in shown])


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID")], json: JsonOption = False) -> None:
    """End a key for good, by the id that `list` shows; running servers refuse it within seconds."""
    from graph.records import api_keys

    async def work(store: Store) -> bool:
        return await api_keys.revoke(store, key_id, now())

    if not with_store(settings_for(None), work):
        raise NotFoundError(f"there is no key {key_id!r}: see `workatlas key list --all-workspaces`.")
    if json:
        print_json({"revoked": key_id})
    else:
        console().print(f"Revoked {key_id}", highlight=False, markup=False)


def _shown(key: ApiKey) -> dict[str, Any]:
    state = "works" if key.works(time.time_ns() // 1_000_000) else "revoked" if key.revoked_at else "expired"
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "scopes": list(key.scopes),
        "workspace": key.workspace,
        "person": key.person,
        "state": state,
        "createdAt": _instant(key.created_at),
        "expiresAt": _instant(key.expires_at),
        "lastUsedAt": _instant(key.last_used_at),
        "revokedAt": _instant(key.revoked_at),
    }


def _instant(millis: int | None) -> str | None:
    from graph.values import millis_to_instant

    return None if millis is None else millis_to_instant(millis)
