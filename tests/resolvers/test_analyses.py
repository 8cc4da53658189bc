"""Analyses answer over GraphQL what they answer in Python on the same snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import analytics
from graph.connection import Connection
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot
from graph.store import open_store
from tests.resolvers.world import TODAY, Asked, World

Query = Callable[..., Asked]


async def _snapshot(connection: Connection, workspace: str) -> Snapshot:
    async with open_store(connection) as store:
        return await load_snapshot(store, workspace)


def test_blocking_chains(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = [one.to_dict() for one in analytics.blocking_chains(snapshot, "O-1", 3, today=TODAY)]
    assert expected
    asked = query("""{ blockingChains(goal: "O-1", first: 3) {
        goal goalTitle due finish delayDays lengthHours explanation
        root { key title owner status } steps { key edge owner status remainingHours }
        completeness { complete limited snapshotSeq } } }""")
    for shown, one in zip(asked.data["blockingChains"], expected, strict=True):
        for name in ("goal", "goalTitle", "due", "finish", "delayDays", "lengthHours", "explanation"):
            assert shown[name] == one[name]
        assert shown["root"] == {name: one["root"][name] for name in ("key", "title", "owner", "status")}
        wanted = ("key", "edge", "owner", "status", "remainingHours")
        assert shown["steps"] == [{name: step[name] for name in wanted} for step in one["steps"]]
        assert shown["completeness"]["snapshotSeq"] == snapshot.seq


def test_ready_queue(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    for argument, person in (("", None), ('(person: "P-1")', "P-1")):
        expected = analytics.ready_queue(snapshot, person, limit=25, today=TODAY)
        asked = query(f"{{ readyQueue{argument} {{ total explanation items {{ key title owner goals value }} }} }}")
        shown = asked.data["readyQueue"]
        assert shown["total"] == expected.total
        assert shown["explanation"] == expected.explain().sentence
        wanted = ("key", "title", "owner", "goals", "value")
        assert shown["items"] == [{name: one.to_dict()[name] for name in wanted} for one in expected]


@pytest.mark.parametrize("argument", ["", '(goals: ["O-1"])'])
def test_risks(connection: Connection, world: World, query: Query, argument: str) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.risks(snapshot, ["O-1"] if argument else None, limit=25, today=TODAY).to_dict()
    assert expected["threats"]
    asked = query(f"""{{ risks{argument} {{ total untriaged explanation
        threats {{ key title kind owner goals value reasons explanation }} }} }}""")
    assert asked.data["risks"] == {name: expected[name] for name in ("total", "untriaged", "explanation", "threats")}


def test_exposure_and_whom_goals_wait_for(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    exposed = analytics.exposure(snapshot, limit=25, today=TODAY).to_dict()
    waited = analytics.teams_waited_for(snapshot, limit=25, today=TODAY).to_dict()
    assert exposed["goals"]
    assert waited["goals"] > 0
    asked = query("""{
        exposure { explanation goals { key title value exposure leaves waiting } items { key title value } }
        teamsWaitedFor { explanation goals teams { ...waited } people { ...waited } } }
        fragment waited on WaitedFor { key title kind goals named value steps explanation }""")
    del exposed["completeness"], waited["completeness"]
    assert asked.data == {"exposure": exposed, "teamsWaitedFor": waited}


@pytest.mark.parametrize("argument", ["", '(goals: ["O-1"])'])
def test_choke_points(connection: Connection, world: World, query: Query, argument: str) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.choke_points(snapshot, ["O-1"] if argument else None, limit=25, today=TODAY).to_dict()
    assert expected["items"]
    point = "{ key title kind owner value share chains goals members relief { goal dragHours gainHours finish } }"
    asked = query(f"""{{ chokePoints{argument} {{ goals chains total explanation items {point} people {point}
        teams {point} passages {{ goal items }} covering {{ items adds share bestPossible }} }} }}""")
    shown = asked.data["chokePoints"]
    for name in ("goals", "chains", "total", "explanation", "passages"):
        assert shown[name] == expected[name]
    assert shown["covering"] == expected["cover"]
    for group in ("items", "people", "teams"):
        for one, wanted in zip(shown[group], expected[group], strict=True):
            relief = {name: wanted["relief"][name] for name in one["relief"]} if one["relief"] else None
            assert one == {name: wanted[name] for name in one} | {"relief": relief}


@pytest.mark.parametrize("measure", analytics.Measure)
@pytest.mark.parametrize("among", analytics.Among)
def test_centrality(
    connection: Connection, world: World, query: Query, measure: analytics.Measure, among: analytics.Among
) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.centrality(snapshot, measure, among=among, limit=25).to_dict()
    assert expected["nodes"]
    asked = query(f"""{{ centrality(measure: {measure}, among: {among}) {{ kinds nodes edges sources explanation
        top {{ key title kind score }} }} }}""")
    shown = asked.data["centrality"]
    assert shown["top"] == expected["scores"]
    assert {name: expected[name] for name in shown if name != "top"} == {
        name: shown[name] for name in shown if name != "top"
    }


@pytest.mark.parametrize("method", analytics.Grouping)
def test_communities(connection: Connection, world: World, query: Query, method: analytics.Grouping) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.communities(snapshot, ["BLOCKS", "OWNS"], method=method, seed=3, limit=25).to_dict()
    asked = query(f"""{{ communities(method: {method}, kinds: ["BLOCKS", "OWNS"], seed: 3) {{ kinds nodes edges count
        modularity explanation groups {{ members titles size inside outside }} }} }}""")
    assert asked.data["communities"] == {name: expected[name] for name in asked.data["communities"]}
    assert query('{ communities(kinds: ["LIKES"]) { count } }').codes == ["BAD_USER_INPUT"]
    assert query("{ centrality(measure: DEGREE, sources: 3) { nodes } }").codes == ["BAD_USER_INPUT"]


def test_layout(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.layout(snapshot, "O-1", today=TODAY).to_dict()
    asked = query("""{ layout(goal: "O-1") { goal goalTitle width height crossings total explanation
        nodes { id role worst layer x y width height step { key title } } edges { start end kind worst points } } }""")
    shown = asked.data["layout"]
    assert [(node.pop("step") or {}).get("key") for node in shown["nodes"]] == [
        node["key"] for node in expected["nodes"]
    ]
    assert shown["nodes"] == [{name: node[name] for name in shown["nodes"][0]} for node in expected["nodes"]]
    ends = {"start": "from", "end": "to"}
    assert shown["edges"] == [
        {name: edge[ends.get(name, name)] for name in shown["edges"][0]} for edge in expected["edges"]
    ]
    assert query('{ layout(goal: "O-1", boxes: 1) { goal } }').codes == ["BAD_USER_INPUT"]


def test_paths_and_variants(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    root = analytics.blocking_chains(snapshot, "O-1", 1, today=TODAY)[0].root.key
    expected = analytics.paths(snapshot, root, "O-1", ["AFFECTS", "BLOCKS", "CONTRIBUTES_TO"], 2).to_dict()
    assert expected["length"]
    asked = query(f"""{{ paths(from: "{root}", to: "O-1", kinds: ["AFFECTS", "BLOCKS", "CONTRIBUTES_TO"], k: 2) {{
        start end length count items routes explanation links {{ start end kind }} }} }}""")
    shown = asked.data["paths"]
    assert [list(link.values()) for link in shown.pop("links")] == [list(link.values()) for link in expected["links"]]
    assert shown == {name: expected[name] for name in shown}
    told = analytics.k_paths(snapshot, root, "O-1", 3, today=TODAY).to_dict()
    found = query(f"""{{ chainVariants(root: "{root}", goal: "O-1", k: 3) {{ root goal explanation
        chains {{ lengthHours delays steps {{ key }} }} }} }}""").data["chainVariants"]
    assert [chain["lengthHours"] for chain in found["chains"]] == [one["lengthHours"] for one in told["variants"]]
    assert found["explanation"] == told["explanation"]
    assert query('{ paths(from: "O-1", to: "O-1", k: 0) { length } }').codes == ["BAD_USER_INPUT"]


def test_dominators(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.dominators(snapshot, "O-1", limit=25, today=TODAY).to_dict()
    assert expected["items"]
    asked = query('{ dominators(goal: "O-1") { goal total explanation items { key title kind through holds } } }')
    assert asked.data["dominators"] == {name: expected[name] for name in asked.data["dominators"]}


def test_what_is_not_there_is_said(query: Query) -> None:
    assert query('{ blockingChains(goal: "O-404") { goal } }').codes == ["NOT_FOUND"]
    assert query('{ blockingChains(goal: "P-1") { goal } }').codes == ["BAD_USER_INPUT"]
    assert query('{ blockingChains(goal: "T-HID") { goal } }').codes == ["NOT_FOUND"]
    assert query('{ readyQueue(person: "nobody") { total } }').codes == ["NOT_FOUND"]


def test_forecast(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.forecast(snapshot, "O-1", 100, 7, today=TODAY).to_dict()
    assert expected["items"]
    asked = query("""{ forecast(goal: "O-1", samples: 100, seed: 7) {
        goal goalTitle due state samples seed onTime plannedHours plannedFinish learned correlation explanation
        percentiles { percent hours day } items { key title owner criticality correlation }
        people { key title criticality } drivers { key title owner criticality correlation } } }""")
    shown = asked.data["forecast"]
    assert shown == {name: expected[name] for name in shown}
    assert query('{ forecast(goal: "O-1", samples: 10001) { goal } }').codes == ["BAD_USER_INPUT"]
    assert query('{ forecast(goal: "T-HID") { goal } }').codes == ["NOT_FOUND"]


CHANGES = """[
    {delay: {item: "I-1", hours: 16}} {finish: "T-28"} {remove: "T-27"}
    {reassign: {item: "T-24", people: [{person: "P-1", share: 0.5}]}}
    {addPeople: {item: "T-25", people: [{person: "P-2"}]}}
    {cutEdge: {start: "T-0", end: "T-1"}} {addEdge: {start: "T-0", end: "T-3", waitType: "SS", lag: 4}}
    {rescope: {item: "T-4", remaining: 100}}
    {draft: {key: "D-1", kind: "Task", estimate: 8, blocks: ["I-1"], people: [{person: "P-2"}]}}
]"""


def test_what_if(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    changes: list[analytics.Change] = [
        analytics.Delay("I-1", 16),
        analytics.Finish("T-28"),
        analytics.Remove("T-27"),
        analytics.Reassign("T-24", (("P-1", 0.5),)),
        analytics.AddPeople("T-25", (("P-2", 1.0),)),
        analytics.CutEdge("T-0", "T-1"),
        analytics.AddEdge("T-0", "T-3", "BLOCKS", "SS", 4),
        analytics.Rescope("T-4", remaining=100),
        analytics.Draft("D-1", kind="Task", estimate=8, blocks=("I-1",), people=(("P-2", 1.0),)),
    ]
    expected = analytics.what_if(snapshot, changes, ["O-1"], samples=50, seed=1, today=TODAY).to_dict()
    assert expected["goals"][0]["laterHours"]
    asked = query(f"""{{ whatIf(changes: {CHANGES}, goals: ["O-1"], samples: 50, seed: 1) {{
        changes unchanged notes explanation load {{ key title beforeHours afterHours }}
        goals {{ goal goalTitle due laterHours laterDays entering leaving
            before {{ hours finish fullFinish delayDays onTime }} after {{ hours finish fullFinish delayDays onTime }}
        }} }} }}""")
    shown = asked.data["whatIf"]
    assert shown == {name: expected[name] for name in shown}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ('[{finish: "T-404"}]', "BAD_USER_INPUT"),
        ('[{addEdge: {start: "T-20", end: "T-5"}}]', "BAD_USER_INPUT"),
        ('[{finish: "T-1", remove: "T-2"}]', "GRAPHQL_VALIDATION_FAILED"),
        ("[{}]", "GRAPHQL_VALIDATION_FAILED"),
        ("[" + '{finish: "T-1"}' * 101 + "]", "TOO_COMPLEX"),
    ],
)
def test_changes_that_cannot_be_made_are_refused(query: Query, changes: str, code: str) -> None:
    assert query(f"{{ whatIf(changes: {changes}) {{ explanation }} }}").codes == [code]


def test_impact_and_triage(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    draft = analytics.Draft("D-1", kind="Issue", estimate=8, affects=("O-1",), blocks=("T-7",))
    for argument, item in (
        ('item: "I-1"', "I-1"),
        ('draft: {key: "D-1", estimate: 8, affects: ["O-1"], blocks: ["T-7"]}', draft),
    ):
        expected = analytics.impact(snapshot, item, today=TODAY).to_dict()
        assert expected["goals"]
        asked = query(f"""{{ impact({argument}) {{ item title severity assumedSeverity value valueAtRisk explanation
            goals {{ goal goalTitle due value laterHours laterDays finish delayDays reasons }} }} }}""")
        shown = asked.data["impact"]
        goals = [{name: goal[name] for name in shown["goals"][0]} for goal in expected["goals"]]
        assert shown == {name: expected[name] for name in shown} | {"goals": goals}
    queue = analytics.triage_queue(snapshot, limit=25, today=TODAY).to_dict()
    assert [one["key"] for one in queue["items"]] == ["I-1"]
    asked = query("""{ triage { total explanation items {
        key title kind severity assumedSeverity ageDays goals value valueAtRisk laterHours } } }""")
    assert asked.data["triage"] == {name: queue[name] for name in asked.data["triage"]}
    assert query("{ impact { item } }").codes == ["BAD_USER_INPUT"]
    assert query('{ impact(item: "T-404") { item } }').codes == ["NOT_FOUND"]
