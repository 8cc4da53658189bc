"""Analyses: pure functions from a snapshot to a frozen, explained result."""

from analytics.chains import BlockingChains, Chain, blocking_chains
from analytics.expanded import Expanded
from analytics.queue import ReadyItem, ReadyQueue, ready_queue
from analytics.results import Completeness, Explanation, Result
from analytics.steps import Step
from analytics.variants import k_paths

__all__ = [
    "BlockingChains",
    "Chain",
    "Completeness",
    "Expanded",
    "Explanation",
    "ReadyItem",
    "ReadyQueue",
    "Result",
    "Step",
    "blocking_chains",
    "k_paths",
    "ready_queue",
]
