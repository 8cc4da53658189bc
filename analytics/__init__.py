"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.chains import BlockingChains, Chain, blocking_chains
from analytics.conflicts import Conflict, Conflicts, conflicts
from analytics.expanded import Expanded
from analytics.exposure import Exposure, GoalExposure, ItemExposure, exposure
from analytics.okr import OkrRollup, okr_rollup
from analytics.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.results import Completeness, Explanation, Result
from analytics.routes import Link, Paths, paths
from analytics.service import Unserving
from analytics.standing import ChildScore, GoalScore
from analytics.steps import Step
from analytics.threats import Risks, Threat, risks
from analytics.variants import Variants, k_paths
from analytics.waited import TeamsWaitedFor, WaitedFor, teams_waited_for

__all__ = [
    "BlockingChains",
    "Chain",
    "ChildScore",
    "Completeness",
    "Conflict",
    "Conflicts",
    "Expanded",
    "Explanation",
    "Exposure",
    "GoalExposure",
    "GoalScore",
    "ItemExposure",
    "Link",
    "OkrRollup",
    "Paths",
    "ReadyItem",
    "ReadyQueue",
    "Result",
    "Risks",
    "Step",
    "TeamsWaitedFor",
    "Threat",
    "Unserving",
    "Variants",
    "WaitedFor",
    "blocking_chains",
    "conflicts",
    "exposure",
    "k_paths",
    "okr_rollup",
    "paths",
    "ready_queue",
    "risks",
    "teams_waited_for",
]
