"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.chains.chains import BlockingChains, Chain, blocking_chains
from analytics.chains.choke import ChokePoints, choke_points
from analytics.chains.choke_point import ChokePoint, Cover, Passage
from analytics.chains.exposure import Exposure, GoalExposure, ItemExposure, exposure
from analytics.chains.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.chains.relief import Relief, relief
from analytics.chains.threats import Risks, Threat, risks
from analytics.chains.variants import Variants, k_paths
from analytics.chains.waited import TeamsWaitedFor, WaitedFor, teams_waited_for
from analytics.changes.changes import (
    AddEdge,
    AddPeople,
    Change,
    CutEdge,
    Delay,
    Draft,
    Finish,
    Reassign,
    Remove,
    Rescope,
)
from analytics.changes.compared import PropertyDifference
from analytics.changes.difference import (
    ChainDifference,
    DateMove,
    Difference,
    EdgeDifference,
    ItemDifference,
    difference,
)
from analytics.changes.impact import GoalImpact, Impact, impact
from analytics.changes.overlay import overlay
from analytics.changes.triage import TriageItem, TriageQueue, triage_queue
from analytics.changes.what_if import GoalDifference, LoadDifference, Outlook, WhatIf, what_if
from analytics.expansion.expanded import Expanded
from analytics.expansion.service import Unserving
from analytics.expansion.steps import Step
from analytics.forecasting.forecast import Forecast, ItemCriticality, Percentile, PersonCriticality, forecast
from analytics.forecasting.uncertainty import CERTAIN, Uncertainty
from analytics.networks.centrality import (
    Centrality,
    Measure,
    Score,
    betweenness,
    centrality,
    degree,
    eigenvector,
    pagerank,
)
from analytics.networks.communities import Communities, Community, Grouping, communities
from analytics.networks.dominators import Dominator, Dominators, dominators
from analytics.networks.drawing import svg
from analytics.networks.layout import Layout, PlacedEdge, PlacedNode, layout
from analytics.networks.projection import Among, Projection
from analytics.networks.routes import Link, Paths, paths
from analytics.objectives.budgets import Budget, Budgets, budgets
from analytics.objectives.okr import OkrRollup, okr_rollup
from analytics.objectives.standing import ChildScore, GoalScore
from analytics.people.bus_factors import BusFactor
from analytics.people.handoffs import HandOff, SingleOwner
from analytics.people.loads import Load, WeekLoad
from analytics.people.moves import Move
from analytics.people.people import PeopleRisk, people_risk
from analytics.people.team_waits import TeamWait, WaitCycle
from analytics.people.workload import Workload, workload
from analytics.reports.conflicts import Conflict, Conflicts, conflicts
from analytics.reports.duplicates import Duplicate, Duplicates, duplicates
from analytics.reports.examination import examination
from analytics.reports.statements import Section, Statement
from analytics.reports.summary import Summary, summary
from analytics.results import Completeness, Explanation, Result
from analytics.scheduling.cascade import reschedule
from analytics.scheduling.critical_items import CriticalItem
from analytics.scheduling.critical_path import CriticalPath, critical_path, floats
from analytics.scheduling.rescheduled import Cascade, LateDate, Moved, Place, Redate, Stuck
from analytics.scheduling.schedule import Schedule, ScheduledItem, schedule

__all__ = [
    "CERTAIN",
    "AddEdge",
    "AddPeople",
    "Among",
    "BlockingChains",
    "Budget",
    "Budgets",
    "BusFactor",
    "Cascade",
    "Centrality",
    "Chain",
    "ChainDifference",
    "Change",
    "ChildScore",
    "ChokePoint",
    "ChokePoints",
    "Communities",
    "Community",
    "Completeness",
    "Conflict",
    "Conflicts",
    "Cover",
    "CriticalItem",
    "CriticalPath",
    "CutEdge",
    "DateMove",
    "Delay",
    "Difference",
    "Dominator",
    "Dominators",
    "Draft",
    "Duplicate",
    "Duplicates",
    "EdgeDifference",
    "Expanded",
    "Explanation",
    "Exposure",
    "Finish",
    "Forecast",
    "GoalDifference",
    "GoalExposure",
    "GoalImpact",
    "GoalScore",
    "Grouping",
    "HandOff",
    "Impact",
    "ItemCriticality",
    "ItemDifference",
    "ItemExposure",
    "LateDate",
    "Layout",
    "Link",
    "Load",
    "LoadDifference",
    "Measure",
    "Move",
    "Moved",
    "OkrRollup",
    "Outlook",
    "Passage",
    "Paths",
    "PeopleRisk",
    "Percentile",
    "PersonCriticality",
    "Place",
    "PlacedEdge",
    "PlacedNode",
    "Projection",
    "PropertyDifference",
    "ReadyItem",
    "ReadyQueue",
    "Reassign",
    "Redate",
    "Relief",
    "Remove",
    "Rescope",
    "Result",
    "Risks",
    "Schedule",
    "ScheduledItem",
    "Score",
    "Section",
    "SingleOwner",
    "Statement",
    "Step",
    "Stuck",
    "Summary",
    "TeamWait",
    "TeamsWaitedFor",
    "Threat",
    "TriageItem",
    "TriageQueue",
    "Uncertainty",
    "Unserving",
    "Variants",
    "WaitCycle",
    "WaitedFor",
    "WeekLoad",
    "WhatIf",
    "Workload",
    "betweenness",
    "blocking_chains",
    "budgets",
    "centrality",
    "choke_points",
    "communities",
    "conflicts",
    "critical_path",
    "degree",
    "difference",
    "dominators",
    "duplicates",
    "eigenvector",
    "examination",
    "exposure",
    "floats",
    "forecast",
    "impact",
    "k_paths",
    "layout",
    "okr_rollup",
    "overlay",
    "pagerank",
    "paths",
    "people_risk",
    "ready_queue",
    "relief",
    "reschedule",
    "risks",
    "schedule",
    "summary",
    "svg",
    "teams_waited_for",
    "triage_queue",
    "what_if",
    "workload",
]
