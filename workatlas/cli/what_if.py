"""``workatlas forecast``, ``what-if``, ``impact`` and ``triage``: how sure a goal is, and what would move it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known, known_goals, known_scope, print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot, refusing
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from analytics import Change, Explanation
    from graph.policy import Policy

SamplesOption = Annotated[int, typer.Option("--samples", min=1, help="How many samples to take; more are surer.")]
SeedOption = Annotated[int, typer.Option("--seed", help="What samples are drawn with: the same seed, the same answer.")]
_SPAN = "a span such as 12h, 3d or 2w (working hours, days, weeks)"


def forecast(
    goal: Annotated[str, typer.Argument(help="Key or id of a goal, or of any work.")],
    samples: SamplesOption = 1000,
    seed: SeedOption = 0,
    scope: ScopeOption = None,
    first: FirstOption = 10,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print by when a goal will be finished, how sure that is, and what drives it."""
    from analytics import forecast as sample_goal

    snapshot = read_snapshot(workspace)
    known(snapshot, goal)
    inside = known_scope(snapshot, scope)
    with refusing():
        found = sample_goal(snapshot, goal, samples, seed, scope=inside, today=day(today), limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("finished by", "in", "working hours"),
        [(one.day, f"{one.percent} %", f"{one.hours:.1f}") for one in found.percentiles],
    )
    print_table(
        ("item", "title", "owner", "drives it in", "moves it"),
        [
            (one.key, one.title, one.owner or "nobody", f"{one.criticality:.0%}", _signed(one.correlation))
            for one in found.items
        ],
    )
    print_table(
        ("who", "title", "drives it in"), [(one.key, one.title, f"{one.criticality:.0%}") for one in found.people]
    )
    _print_sentence(found.explain())


def _signed(correlation: float | None) -> str:
    return "–" if correlation is None else f"{correlation:+.2f}"


def _print_sentence(explanation: Explanation) -> None:
    print_sentence(explanation.sentence)


def what_if(
    goals: Annotated[
        list[str] | None, typer.Argument(help="Keys or ids of goals or work; all open goals that differ if not given.")
    ] = None,
    add: Annotated[list[str] | None, typer.Option(metavar="KEY=SPAN", help="There is a new task of this size.")] = None,
    cut: Annotated[list[str] | None, typer.Option(metavar="FROM=TO", help="Edges between two items are gone.")] = None,
    block: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM=TO[:TYPE[+SPAN]]", help="The first blocks the second, as in A=B or A=B:SS+2d."),
    ] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=WHO[:SHARE],…", help="It is assigned to these and to nobody else."),
    ] = None,
    people: Annotated[
        list[str] | None, typer.Option(metavar="KEY=WHO[:SHARE],…", help="It is assigned to these as well.")
    ] = None,
    rescope: Annotated[
        list[str] | None, typer.Option(metavar="KEY=SPAN", help="So much effort remains to be done.")
    ] = None,
    delay: Annotated[list[str] | None, typer.Option(metavar="KEY=SPAN", help="Nobody works on it for so long.")] = None,
    finish: Annotated[list[str] | None, typer.Option(metavar="KEY", help="It is done, with its parts.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="KEY", help="It is gone, with its edges.")] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=0, help="Samples for the probability of being on time; 0: none.")
    ] = 0,
    seed: SeedOption = 0,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what changes would do to goals; nothing is saved.

    Each option may be repeated. Changes are tried out in the order in which the options stand here.
    """
    from analytics import what_if as try_out

    snapshot = read_snapshot(workspace)
    texts = {"add": add, "cut": cut, "block": block, "assign": assign, "people": people, "rescope": rescope,
             "delay": delay, "finish": finish, "remove": remove}  # fmt: skip
    asked = [change_of(option, text, snapshot.policy) for option, given in texts.items() for text in given or ()]
    if not asked:
        raise SettingsError("what-if needs a change, such as --delay KEY=3d; see workatlas what-if --help.")
    named, inside = known_goals(snapshot, goals), known_scope(snapshot, scope)
    with refusing():
        found = try_out(snapshot, asked, named, samples=samples, seed=seed, scope=inside, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("goal", "title", "before", "after", "later", "on time", "becomes critical", "no longer critical"),
        [
            (
                one.goal,
                one.goal_title,
                one.before.finish or "–",
                "gone" if one.after is None else one.after.finish or "–",
                "–" if one.later_days is None else f"{one.later_days:+d} days",
                _percent(one.before.on_time) + " → " + _percent(None if one.after is None else one.after.on_time),
                ", ".join(one.entering),
                ", ".join(one.leaving),
            )
            for one in found.goals
        ],
    )
    if found.load:
        print_table(
            ("who", "title", "hours before", "hours after"),
            [(one.key, one.title, f"{one.before_hours:g}", f"{one.after_hours:g}") for one in found.load],
        )
    for note in found.notes:
        console().print(f"Note: {note}.", style="yellow", highlight=False, markup=False)
    _print_sentence(found.explain())


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def change_of(option: str, text: str, policy: Policy) -> Change:
    """Read one change of ``what-if`` as it is written on the command line.

    Raises:
        SettingsError: It is not written as the option wants it.

    """
    from analytics import AddEdge, AddPeople, CutEdge, Delay, Draft, Finish, Reassign, Remove, Rescope

    where = f"--{option} {text}"
    if option in {"finish", "remove"}:
        return Finish(text) if option == "finish" else Remove(text)
    key, equals, value = text.rpartition("=")
    if not equals or not key or not value:
        raise SettingsError(f"{where}: write two parts with = between them; see workatlas what-if --help.")
    match option:
        case "cut":
            return CutEdge(key, value)
        case "block":
            end, _, wait = value.partition(":")
            kind, plus, lag = wait.partition("+")
            return AddEdge(key, end, "BLOCKS", kind or "FS", span(lag, policy, where) if plus else 0.0)
        case "assign" | "people":
            who = tuple(_share(one, where) for one in value.split(","))
            return Reassign(key, who) if option == "assign" else AddPeople(key, who)
    hours = span(value, policy, where)
    if option == "add":
        return Draft(key, kind="Task", estimate=hours)
    return Delay(key, hours) if option == "delay" else Rescope(key, remaining=hours)


def _share(text: str, where: str) -> tuple[str, float]:
    name, colon, share = text.rpartition(":")
    try:
        return (name, float(share)) if colon else (text, 1.0)
    except ValueError:
        raise SettingsError(f"{where}: share {share!r} is not a number.") from None


def span(text: str, policy: Policy, where: str) -> float:
    """Return the working hours of a span such as ``12h``, ``3d`` or ``2w``, in the workspace's days and weeks.

    Raises:
        SettingsError: It is no such span; the message begins with ``where``.

    """
    hours = {"h": 1.0, "d": policy.hours_per_day, "w": policy.hours_per_day * policy.weekmask.count("1")}
    try:
        return float(text[:-1]) * hours[text[-1:]]
    except (KeyError, ValueError):
        raise SettingsError(f"{where}: {text!r} is not {_SPAN}.") from None


def impact(
    item: Annotated[
        str | None, typer.Argument(help="Key or id of open work; without it, the options describe a new issue.")
    ] = None,
    affects: Annotated[list[str] | None, typer.Option(metavar="KEY", help="What the new issue harms.")] = None,
    blocks: Annotated[list[str] | None, typer.Option(metavar="KEY", help="What waits for the new issue.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="How bad it is: LOW, MEDIUM, HIGH or CRITICAL; assumed if not given.")
    ] = None,
    estimate: Annotated[str | None, typer.Option(metavar="SPAN", help=f"Its effort: {_SPAN}.")] = None,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print which goals an issue delays, by how much and along which path: a stored one, or a new one."""
    from analytics import Draft
    from analytics import impact as weigh

    described = bool(affects or blocks)
    if (item is None) != described:
        raise SettingsError("impact needs either an item, or --affects or --blocks for a new issue.")
    snapshot = read_snapshot(workspace)
    hours = None if estimate is None else span(estimate, snapshot.policy, f"--estimate {estimate}")
    draft = Draft(severity=severity, estimate=hours, affects=tuple(affects or ()), blocks=tuple(blocks or ()))
    inside = known_scope(snapshot, scope)
    with refusing():
        found = weigh(snapshot, draft if item is None else known(snapshot, item), scope=inside, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("goal", "title", "value", "later", "finished on", "because", "along"),
        [
            (
                one.goal,
                one.goal_title,
                f"{one.value:g}",
                "–" if one.later_days is None else f"{one.later_days} days",
                one.finish or "–",
                ", ".join(one.reasons),
                " → ".join(step.key or "hidden" for step in one.path),
            )
            for one in found.goals
        ],
    )
    _print_sentence(found.explain())


def triage(
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what waits for a decision, what would delay most goal value first."""
    from analytics import triage_queue

    snapshot = read_snapshot(workspace)
    found = triage_queue(snapshot, scope=known_scope(snapshot, scope), limit=first, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "severity", "delays", "value", "by up to"),
        [
            (
                one.key,
                one.title,
                f"{one.severity or '–'}{' (assumed)' if one.assumed_severity else ''}",
                ", ".join(one.goals) or "nothing",
                f"{one.value:g}",
                f"{one.later_hours:g} h",
            )
            for one in found
        ],
    )
    _print_sentence(found.explain())
