"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.chains import BlockingChains, Chain, blocking_chains
from analytics.conflicts import Conflict, Conflicts, conflicts
from analytics.expanded import Expanded
from analytics.exposure import Exposure, GoalExposure, ItemExposure, exposure
from analytics.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.results import Completeness, Explanation, Result
from analytics.routes import Link, Paths, paths
from analytics.steps import Step
from analytics.threats import Risks, Threat, risks
from analytics.variants import Variants, k_paths
from analytics.waited import TeamsWaitedFor, WaitedFor, teams_waited_for

__all__ = [
    "BlockingChains",
    "Chain",
    "Completeness",
    "Conflict",
    "Conflicts",
    "Expanded",
    "Explanation",
    "Exposure",
    "GoalExposure",
    "ItemExposure",
    "Link",
    "Paths",
    "ReadyItem",
    "ReadyQueue",
    "Result",
    "Risks",
    "Step",
    "TeamsWaitedFor",
    "Threat",
    "Variants",
    "WaitedFor",
    "blocking_chains",
    "conflicts",
    "exposure",
    "k_paths",
    "paths",
    "ready_queue",
    "risks",
    "teams_waited_for",
]
