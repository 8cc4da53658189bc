"""``workatlas search``: items by words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from workatlas.cli.chains import FirstOption, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, WorkspaceOption, settings_for, with_store
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.reading.search import Hit, Hits
    from graph.reading.snippets import Match
    from graph.store import Store


def search(
    text: Annotated[str, typer.Argument(help='Words, of the last one a beginning; "phrases in quotes"; or a key.')],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Only items of this kind, such as Task; may be repeated.")
    ] = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the items in whose key, title or description all words stand, best first."""
    from graph.reading.search import search as find
    from graph.reading.words import MAX_FOUND, Words
    from graph.records.sight import Sight

    settings, words, chosen = settings_for(workspace), Words.read(text), _checked(kinds)

    async def work(store: Store) -> Hits:
        return await find(store, Sight(settings.workspace), words, chosen, first=first)

    found = with_store(settings, work)
    if json:
        print_json({"text": text, "total": found.total, "items": [hit.to_dict() for hit in found.hits]})
        return
    print_table(
        ("item", "title", "kind", "status", "found in"),
        [(hit.key, _title(hit), hit.kind, hit.status or "", _elsewhere(hit)) for hit in found.hits],
    )
    shown = "all of them" if found.total == len(found.hits) else f"the {len(found.hits)} best"
    number = f"{MAX_FOUND:,} or more" if found.total == MAX_FOUND else f"{found.total:,}"
    print_sentence(f"{number} found; {shown} shown." if found.total else "Nothing is found.")


def _title(hit: Hit) -> Text:
    return next((_marked(match) for match in hit.matches if match.field == "TITLE"), Text(hit.title))


def _elsewhere(hit: Hit) -> Text:
    """Return the snippet of the description where the title does not match."""
    fields = {match.field: match for match in hit.matches}
    if "TITLE" not in fields and "DESCRIPTION" in fields:
        return _marked(fields["DESCRIPTION"])
    return Text(", ".join(field.lower() for field in fields))


def _marked(match: Match) -> Text:
    return Text.assemble(*((part.text, "bold" if part.matched else "") for part in match.parts))


def _checked(kinds: list[str] | None) -> list[str] | None:
    """Return the kinds of items if there are such.

    Raises:
        SettingsError: One is unknown.

    """
    from graph.model import NODES

    for kind in kinds or ():
        if kind not in NODES:
            raise SettingsError(f"--kind {kind!r} is no kind of item; choose of {', '.join(NODES)}.")
    return kinds or None
