"""``workatlas webhook``: addresses that are told of changes, and the messages that could not be delivered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workatlas.cli.output import console, error_console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, now, settings_for, with_store
from workatlas.errors import NotFoundError, WebhookError

if TYPE_CHECKING:
    from graph.records.webhooks import DeadLetter, Webhook
    from graph.store import Store
    from resolvers.courier import Sent
    from workatlas.settings import Settings

app = typer.Typer(
    help="Addresses that are told of changes: make, list, try, pause and revoke them.", no_args_is_help=True
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The webhook, as `list` shows it.")]


@app.command()
def create(
    url: Annotated[str, typer.Argument(help="Where messages are sent: https://…")],
    kind: Annotated[
        list[str] | None, typer.Option(help="A kind of item or edge to be told of; may be repeated. All when absent.")
    ] = None,
    operation: Annotated[
        list[str] | None, typer.Option(help="What has to happen to them; may be repeated. Anything when absent.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Id or key of the item in or below which changes count.")] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="Id or key of a team whose own items it is told of, too; may be repeated.")
    ] = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="Number of the change after which to begin; what follows now when absent.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make a webhook and print the secret that its messages are signed with, which is shown this once."""
    from resolvers.hooks import Wish, make
    from workatlas.webhooks.courier import open_courier

    settings = settings_for(workspace)
    wish = Wish(url, tuple(kind or ()), tuple(operation or ()), scope, tuple(team or ()), after)

    async def work(store: Store) -> Webhook:
        async with open_courier(private=settings.private_webhooks) as courier:
            return await make(store, courier, settings.workspace, wish, "command line", now())

    made = with_store(settings, work)
    if json:
        print_json({"secret": made.secret, **_shown(made)})
        return
    console().print(f"{made.id}\n{made.secret}", highlight=False, soft_wrap=True, markup=False)
    error_console().print("Keep the secret now: it cannot be shown again.", highlight=False)


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List the workspace's webhooks and how far each is."""
    from graph.records import webhooks
    from workatlas.cli.chains import print_table

    settings = settings_for(workspace)

    async def work(store: Store) -> list[Webhook]:
        return await webhooks.listed(store, settings.workspace)

    shown = [_shown(hook) for hook in with_store(settings, work)]
    if json:
        print_json(shown)
        return
    columns = ("id", "url", "active", "lastSeq", "failedAttempts", "problem")
    print_table(columns, [tuple("–" if one[name] is None else str(one[name]) for name in columns) for one in shown])


@app.command()
def revoke(hook_id: IdArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Remove a webhook, its secret and its undelivered messages for good."""
    from graph.records import webhooks

    settings = settings_for(workspace)

    async def work(store: Store) -> bool:
        return await webhooks.revoke(store, settings.workspace, hook_id)

    if not with_store(settings, work):
        raise _unknown(hook_id)
    _say(json, {"revoked": hook_id}, f"Revoked {hook_id}")


@app.command()
def pause(hook_id: IdArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Let a webhook's messages wait until `resume`."""
    _activate(settings_for(workspace), hook_id, False, json)


@app.command()
def resume(hook_id: IdArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Let a webhook go on where it was; what waits for another attempt is tried at once."""
    _activate(settings_for(workspace), hook_id, True, json)


def _activate(settings: Settings, hook_id: str, active: bool, json: bool) -> None:
    from graph.records import webhooks

    async def work(store: Store) -> bool:
        hook = await webhooks.find(store, settings.workspace, hook_id)
        if hook is None:
            raise _unknown(hook_id)
        return await webhooks.move(store, hook, replace(hook, active=active, attempts=0, next_at=0, problem=None))

    if not with_store(settings, work):
        raise WebhookError("a message was delivered at this moment: try again.")
    _say(json, {"id": hook_id, "active": active}, f"{'Resumed' if active else 'Paused'} {hook_id}")


@app.command("test")
def try_(hook_id: IdArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Send a message that tells nothing, and say how the receiver answered; status 1 if it was not delivered."""
    from resolvers.hooks import try_out
    from workatlas.webhooks.courier import open_courier

    settings = settings_for(workspace)

    async def work(store: Store) -> Sent:
        async with open_courier(private=settings.private_webhooks) as courier:
            return await try_out(store, courier, settings.workspace, hook_id, now())

    _tell(with_store(settings, work), json)


@app.command()
def dead(
    hook_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of this webhook only.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List messages that were given up after too many attempts, the oldest first."""
    from graph.records import webhooks
    from workatlas.cli.chains import print_table

    settings = settings_for(workspace)

    async def work(store: Store) -> list[DeadLetter]:
        return await webhooks.dead(store, settings.workspace, hook_id)

    shown = [_shown_letter(letter) for letter in with_store(settings, work)]
    if json:
        print_json(shown)
        return
    columns = ("id", "webhook", "after", "lastSeq", "attempts", "at", "problem")
    print_table(columns, [tuple(str(one[name]) for name in columns) for one in shown])


@app.command()
def redeliver(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The message, as `dead` shows it.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Try once more to deliver a message that was given up; status 1 if that failed."""
    from resolvers.hooks import send_again
    from workatlas.webhooks.courier import open_courier

    settings = settings_for(workspace)

    async def work(store: Store) -> Sent:
        async with open_courier(private=settings.private_webhooks) as courier:
            return await send_again(store, courier, settings.workspace, letter_id)

    _tell(with_store(settings, work), json)


def _tell(sent: Sent, json: bool) -> None:
    answer = {"delivered": sent.delivered, "status": sent.status, "problem": sent.problem}
    _say(json, answer, "Delivered" if sent.delivered else f"Not delivered: {sent.problem}.")
    if not sent.delivered:
        raise typer.Exit(1)


def _say(json: bool, answer: dict[str, Any], sentence: str) -> None:
    if json:
        print_json(answer)
    else:
        console().print(sentence, highlight=False, markup=False)


def _unknown(hook_id: str) -> NotFoundError:
    return NotFoundError(f"there is no webhook {hook_id!r} in this workspace: see `workatlas webhook list`.")


def _shown(hook: Webhook) -> dict[str, Any]:
    from graph.values import millis_to_instant

    return {
        "id": hook.id,
        "url": hook.url,
        "kinds": list(hook.kinds),
        "operations": list(hook.operations),
        "scope": hook.scope,
        "teams": list(hook.teams),
        "active": hook.active,
        "createdAt": millis_to_instant(hook.created_at),
        "createdBy": hook.created_by,
        "lastSeq": hook.cursor,
        "failedAttempts": hook.attempts,
        "nextAttemptAt": millis_to_instant(hook.next_at) if hook.attempts else None,
        "problem": hook.problem,
    }


def _shown_letter(letter: DeadLetter) -> dict[str, Any]:
    from graph.values import millis_to_instant

    return {
        "id": letter.id,
        "webhook": letter.webhook,
        "after": letter.after,
        "lastSeq": letter.last,
        "attempts": letter.attempts,
        "at": millis_to_instant(letter.at),
        "problem": letter.problem,
    }
