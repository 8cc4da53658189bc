"""``workatlas policy``: which edges analyses walk, what counts as stale, and the hours that they count in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from workatlas.cli.chains import print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, WorkspaceOption, now, settings_for, with_store
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.policy import Policy
    from graph.store import Store

_NUMBERS: Final = {"minConfidence": float, "stalledDays": int, "cadenceDays": int, "hoursPerDay": float}


def policy(
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Give a setting a value, or none for its default: hoursPerDay=7.5, holidays=2026-12-25,2027-01-01.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the workspace's policy, and change it if asked: what analyses walk, what is stale, the working days."""
    found, seq = _policy(workspace, dict(map(_setting, given or ())))
    if json:
        print_json(found.native() | {"changeSeq": seq})
        return
    print_table(("setting", "value"), [(name, _shown(value)) for name, value in found.native().items()])
    if given:
        print_sentence("Nothing had to be changed." if seq is None else f"Written as change {seq}.")


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--set {text}: write it as NAME=VALUE.")
    if not value:
        return name, None
    if name == "holidays":
        return name, value.split(",")
    try:
        return name, _NUMBERS.get(name, str)(value)
    except ValueError:
        raise SettingsError(f"--set {text}: {value!r} is no number.") from None


def _policy(workspace: str | None, values: dict[str, object]) -> tuple[Policy, int | None]:
    from graph.batch import Batch, new_id
    from graph.records.history import Author
    from graph.records.workspace import read
    from graph.writing.writer import write

    settings = settings_for(workspace)

    async def work(store: Store) -> tuple[Policy, int | None]:
        seq = None
        if values:
            author = Author("command line", new_id())
            seq = (await write(store, settings.workspace, Batch(policy=values), author=author, now=now())).change_seq
        return (await read(store, settings.workspace)).policy, seq

    return with_store(settings, work)


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else f"{value}"
