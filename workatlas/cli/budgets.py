"""``workatlas budgets``: money spent against money granted, rolled up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workatlas.cli.chains import FirstOption, ScopeOption, known_scope, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, WorkspaceOption, read_snapshot

if TYPE_CHECKING:
    from analytics import Budget


def budgets(
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print what was spent against what was granted, the most exceeded first; currencies are never mixed."""
    from analytics import budgets as find_budgets

    snapshot = read_snapshot(workspace)
    found = find_budgets(snapshot, scope=known_scope(snapshot, scope), limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "budget", "spent", "by its parts", "over"),
        [
            (one.key, one.title, _money(one, one.budget), _money(one, one.spent), _money(one, one.parts_spent),
             _money(one, one.over) if one.over else "")
            for one in found
        ],
    )  # fmt: skip
    print_sentence(found.explain().sentence)


def _money(one: Budget, number: float | None) -> str:
    return "–" if number is None else f"{number:,.2f} {one.currency or ''}".rstrip()
