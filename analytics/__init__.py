"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.chains import BlockingChains, Chain, blocking_chains
from analytics.expanded import Expanded
from analytics.exposure import Exposure, GoalExposure, ItemExposure, exposure
from analytics.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.results import Completeness, Explanation, Result
from analytics.steps import Step
from analytics.threats import Risks, Threat, risks
from analytics.variants import k_paths
from analytics.waited import TeamsWaitedFor, WaitedFor, teams_waited_for

__all__ = [
    "BlockingChains",
    "Chain",
    "Completeness",
    "Expanded",
    "Explanation",
    "Exposure",
    "GoalExposure",
    "ItemExposure",
    "ReadyItem",
    "ReadyQueue",
    "Result",
    "Risks",
    "Step",
    "TeamsWaitedFor",
    "Threat",
    "WaitedFor",
    "blocking_chains",
    "exposure",
    "k_paths",
    "ready_queue",
    "risks",
    "teams_waited_for",
]
