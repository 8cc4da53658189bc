"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.budgets import Budget, Budgets, budgets
from analytics.bus_factors import BusFactor
from analytics.cascade import reschedule
from analytics.centrality import Centrality, Measure, Score, betweenness, centrality, degree, eigenvector, pagerank
from analytics.chains import BlockingChains, Chain, blocking_chains
from analytics.changes import AddEdge, AddPeople, Change, CutEdge, Delay, Draft, Finish, Reassign, Remove, Rescope
from analytics.choke import ChokePoints, choke_points
from analytics.choke_point import ChokePoint, Cover, Passage
from analytics.communities import Communities, Community, Grouping, communities
from analytics.compared import PropertyDifference
from analytics.conflicts import Conflict, Conflicts, conflicts
from analytics.critical_path import CriticalItem, CriticalPath, critical_path, floats
from analytics.difference import ChainDifference, DateMove, Difference, EdgeDifference, ItemDifference, difference
from analytics.dominators import Dominator, Dominators, dominators
from analytics.drawing import svg
from analytics.duplicates import Duplicate, Duplicates, duplicates
from analytics.examination import examination
from analytics.expanded import Expanded
from analytics.exposure import Exposure, GoalExposure, ItemExposure, exposure
from analytics.forecast import Forecast, ItemCriticality, Percentile, PersonCriticality, forecast
from analytics.handoffs import HandOff, SingleOwner
from analytics.impact import GoalImpact, Impact, impact
from analytics.layout import Layout, PlacedEdge, PlacedNode, layout
from analytics.loads import Load, WeekLoad
from analytics.moves import Move
from analytics.okr import OkrRollup, okr_rollup
from analytics.overlay import overlay
from analytics.people import PeopleRisk, people_risk
from analytics.projection import Among, Projection
from analytics.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.relief import Relief, relief
from analytics.rescheduled import Cascade, LateDate, Moved, Place, Redate, Stuck
from analytics.results import Completeness, Explanation, Result
from analytics.routes import Link, Paths, paths
from analytics.schedule import Schedule, ScheduledItem, schedule
from analytics.service import Unserving
from analytics.standing import ChildScore, GoalScore
from analytics.statements import Section, Statement
from analytics.steps import Step
from analytics.summary import Summary, summary
from analytics.team_waits import TeamWait, WaitCycle
from analytics.threats import Risks, Threat, risks
from analytics.triage import TriageItem, TriageQueue, triage_queue
from analytics.uncertainty import CERTAIN, Uncertainty
from analytics.variants import Variants, k_paths
from analytics.waited import TeamsWaitedFor, WaitedFor, teams_waited_for
from analytics.what_if import GoalDifference, LoadDifference, Outlook, WhatIf, what_if
from analytics.workload import Workload, workload

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
