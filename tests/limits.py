"""Every limit of the API, the server and the write path, and where it is tested as high as it may be and one beyond.

``test_limits`` holds the overview complete: a number in the code whose name says that it limits something has to be
here, with its tests, or among ``OTHERS``, with the reason why nobody is refused for it.
"""

from __future__ import annotations

from typing import Final

_RESOLVERS: Final = "tests/resolvers/"
_SERVER: Final = "tests/workatlas/"
_DOCUMENT: Final = f"{_RESOLVERS}test_limits.py::test_one_below_is_answered_and_one_above_refused"
_BUDGETS: Final = f"{_SERVER}test_budgets.py::"
_CASES: Final = f"{_RESOLVERS}test_bounds.py::CASES"
_BOUNDS: Final = f"{_RESOLVERS}test_bounds.py::"
_VALUES: Final = "tests/graph/test_bounds.py::VALUES"
_WRITES: Final = "tests/graph/test_bounds.py::test_so_much_can_be_done_at_once"
_LIVE: Final = f"{_SERVER}live/test_live_limits.py::"
_TURNS: Final = f"{_BUDGETS}test_a_bounded_number_runs_and_a_bounded_number_waits"
_MESSAGES: Final = f"{_SERVER}webhooks/test_delivery.py::test_a_message_tells_values_as_long_as_it_is_not_too_large"
_UNUSED: Final = f"{_SERVER}live/test_single_stream.py::test_a_reservation_ends_if_it_is_not_used"
_SLOW: Final = f"{_SERVER}live/test_slow_readers.py::"

LIMITS: Final[dict[str, tuple[str, ...]]] = {
    # Settings: WORKATLAS_LIMIT_…
    "resolvers.bounds.Bounds.body": (f"{_BUDGETS}test_a_body_may_be_as_long_as_the_limit",),
    "resolvers.bounds.Bounds.body_seconds": (f"{_BUDGETS}test_a_slow_body_is_not_waited_for",),
    "resolvers.bounds.Bounds.seconds": (f"{_BUDGETS}test_an_operation_may_take_as_long_as_the_limit",),
    "resolvers.bounds.Bounds.length": (_DOCUMENT,),
    "resolvers.bounds.Bounds.tokens": (_DOCUMENT,),
    "resolvers.bounds.Bounds.comments": (_DOCUMENT,),
    "resolvers.bounds.Bounds.depth": (_DOCUMENT,),
    "resolvers.bounds.Bounds.aliases": (_DOCUMENT,),
    "resolvers.bounds.Bounds.nodes": (_DOCUMENT, f"{_BUDGETS}test_an_operation_may_cost_as_much_as_the_limit"),
    "resolvers.bounds.Bounds.running": (_TURNS,),
    "resolvers.bounds.Bounds.waiting": (_TURNS,),
    "resolvers.bounds.Bounds.rate_requests": (f"{_BUDGETS}test_requests_of_one_caller_are_counted",),
    "resolvers.bounds.Bounds.rate_cost": (f"{_BUDGETS}test_the_cost_of_one_callers_operations_is_counted",),
    "resolvers.bounds.Bounds.rate_plans": (f"{_BUDGETS}test_new_shapes_of_one_callers_operations_are_counted",),
    "resolvers.bounds.Bounds.rate_failures": (f"{_BUDGETS}test_an_address_that_guesses_keys_is_slowed_down",),
    # Requests and documents
    "workatlas.graphql_request.MAX_NESTING": (f"{_BOUNDS}test_json_within_json",),
    "workatlas.budgets.WAIT_SECONDS": (
        f"{_SERVER}live/test_transports.py::test_operations_over_long_connections_wait_for_their_turn",
    ),
    "workatlas.auth.oidc.MAX_TOKEN": (f"{_SERVER}auth/test_oidc.py::test_a_token_may_be_as_long_as_the_limit",),
    "workatlas.auth.jwks._MAX_BYTES": (f"{_SERVER}auth/test_oidc.py::test_a_key_set_may_be_as_long_as_the_limit",),
    "resolvers.limits.MAX_NESTING": (f"{_BOUNDS}test_brackets_within_brackets",),
    "resolvers.context.MAX_ROOT_READS": (_CASES,),
    "resolvers.connection.MAX_PAGE": (_CASES,),
    "resolvers.reading.MAX_NAMES": (_CASES,),
    "resolvers.projection.MAX_HOPS_DEEP": (_CASES,),
    "resolvers.projection.MAX_HOPS_IN_ALL": (_CASES,),
    "resolvers.filling.MAX_GOALS": (_CASES,),
    "resolvers.conditions.MAX_NESTING": (_CASES,),
    "resolvers.conditions.MAX_COMPARISONS": (_CASES,),
    "resolvers.conditions.MAX_PATTERNS": (_CASES,),
    "resolvers.conditions.MAX_LISTED": (_CASES,),
    "resolvers.conditions.MAX_TEXT": (_CASES,),
    "resolvers.conditions.MAX_ORDER": (_CASES,),
    "resolvers.analyses.what_if.MAX_SAMPLES": (_CASES,),
    "resolvers.analyses.what_if.MAX_CHANGES": (_CASES,),
    "resolvers.analyses.routes.MOST": (_CASES,),
    "resolvers.analyses.layout.MOST": (_CASES,),
    "resolvers.analyses.reschedule.MAX_CHANGES": (f"{_BOUNDS}test_dates_of_one_reschedule",),
    "graph.records.sight.MAX_CONTAINMENT": (f"{_BOUNDS}test_parts_within_parts",),
    "graph.reading.words.MAX_TEXT": (
        "tests/graph/test_words.py::test_more_than_a_search_may_hold_is_refused_in_a_sentence",
    ),
    "graph.reading.words.MAX_WORDS": (
        "tests/graph/test_words.py::test_more_than_a_search_may_hold_is_refused_in_a_sentence",
    ),
    "graph.reading.words.MAX_FOUND": ("tests/graph/test_search.py::test_of_more_than_are_counted_the_best_are_found",),
    "graph.store.ACQUISITION_SECONDS": (f"{_BUDGETS}test_an_exhausted_pool_is_said_in_time",),
    # Writing
    "resolvers.mutations.requests.MAX_BATCH": (
        f"{_RESOLVERS}test_mutations.py::test_as_many_items_in_one_request_as_may_be",
    ),
    "resolvers.mutations.requests.MAX_KEY": (f"{_BOUNDS}test_an_idempotency_key",),
    "resolvers.mutations.recurring.MAX_AHEAD": (f"{_BOUNDS}test_how_far_ahead_occurrences_are_spawned",),
    "graph.values.MAX_TEXT": (_VALUES,),
    "graph.rules.rule_text.MAX_TEXT": (_VALUES,),
    "graph.rules.rule_text.MAX_COUNT": (_VALUES,),
    "graph.rules.rule_text.MAX_A_DAY": (_VALUES,),
    "graph.rules.template.MAX_TASKS": (_VALUES,),
    "graph.calendars.MAX_LEAVE": (_VALUES,),
    "graph.policy._MOST_HOLIDAYS": (_VALUES,),
    "graph.writing.merging.MAX_EDGES": (_WRITES,),
    "graph.writing.purging.MAX_EDGES": (_WRITES,),
    "graph.writing.undoing.MAX_PARTS": (_WRITES,),
    "graph.writing.redating.MAX_SINCE": (
        "tests/graph/test_bounds.py::test_dates_may_have_been_worked_out_so_many_changes_ago",
    ),
    "graph.writing.operations.MAX_OCCURRENCES": (
        "tests/graph/test_operations.py::test_long_catch_up_goes_on_where_it_stopped",
    ),
    "graph.writing.committer.MAX_WAITING": (
        "tests/graph/test_committer.py::test_more_than_may_wait_are_told_when_to_come_again",
    ),
    # Long connections
    "workatlas.serving.MAX_MESSAGE": (f"{_LIVE}test_a_message_may_be_as_long_as_the_limit",),
    "workatlas.live.socket.INIT_SECONDS": (f"{_LIVE}test_who_says_who_they_are_in_time_is_listened_to",),
    "workatlas.live.socket.MOST": (f"{_LIVE}test_a_connection_may_have_so_many_operations_at_a_time",),
    "workatlas.live.socket.SEND_SECONDS": (
        f"{_SLOW}test_who_reads_in_time_hears_everything",
        f"{_SLOW}test_who_reads_too_late_learns_why",
    ),
    "workatlas.live.streams.MOST": (f"{_LIVE}test_an_event_stream_may_have_so_many_operations_at_a_time",),
    "workatlas.live.streams.OPEN_SECONDS": (_UNUSED,),
    "workatlas.live.streams.MOST_STREAMS": (_UNUSED,),
    "workatlas.connections.PATIENCE_SECONDS": (
        f"{_SLOW}test_who_reads_slowly_but_reads_is_not_cut",
        f"{_SLOW}test_who_never_reads_is_cut_and_nothing_piles_up",
    ),
    # Webhooks
    "resolvers.hooks.MAX_HOOKS": (f"{_RESOLVERS}test_webhooks.py::test_a_workspace_has_so_many_and_no_more",),
    "resolvers.messages.MAX_ALTERED": (_MESSAGES,),
    "resolvers.messages.MAX_BYTES": (_MESSAGES,),
    "workatlas.webhooks.addresses.MAX_URL": (f"{_SERVER}webhooks/test_addresses.py::test_what_is_an_address",),
    "workatlas.webhooks.courier.SECONDS": (
        f"{_SERVER}webhooks/test_delivery.py::test_an_attempt_may_take_as_long_as_the_limit",
    ),
    # Settings and commands
    "workatlas.settings.MAX_NAME": (f"{_SERVER}test_settings.py::test_a_workspace_has_a_name_that_can_be_read",),
    "workatlas.cli.operations.MAX_YEARS": (
        f"{_SERVER}cli/test_operations.py::test_a_day_that_is_too_far_away_is_refused",
    ),
    "workatlas.importers.importer.MAX_KEY": (
        f"{_SERVER}importers/test_jsonl.py::test_a_key_may_be_as_long_as_the_limit",
    ),
}
"""Name of each limit → its tests: a function, or the table of cases that names it."""

_PARTS: Final = "More is done in several parts, and nobody is refused."
_KEPT: Final = "How much is remembered: what was forgotten is made again."
_PACE: Final = "How often, or after how long, something is done that nobody waits for."
_START: Final = (
    "How long a start or an end of processes is waited for; its tests are of the embedded database and of leaving."
)

OTHERS: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "graph.reading.traversal.MAX_IDS", "graph.reading.rounds.MAX_DEPTH", "graph.reading.rounds.MAX_HOPS",
            "graph.writing.committer.MAX_TOGETHER", "graph.reading.gathering.MAX_JOINED",
            "resolvers.messages.MAX_CHANGES",
        ),
        _PARTS,
    ),
    **dict.fromkeys(
        (
            "resolvers.documents._MAX_PLANS", "resolvers.plans._MAX_PROGRAMS", "resolvers.reading._MAX_WORKSPACES",
            "workatlas.auth.gate._MOST_KEPT", "workatlas.auth.gate.KEPT_SECONDS", "workatlas.keepers.MOST",
            "workatlas.keepers._MOST_TAILS",
            "graph.writing.foresight.MAX_IDS",
        ),
        _KEPT,
    ),
    **dict.fromkeys(
        (
            "graph.records.tail.POLL_SECONDS", "graph.records.tail._OUTAGE_SECONDS", "resolvers.live.SETTLE_SECONDS",
            "graph.writing.committer.PATIENCE_SECONDS", "workatlas.auth.jwks.MIN_SECONDS",
            "workatlas.auth.jwks.REFRESH_SECONDS",
            "workatlas.counters._BUSY_SECONDS", "workatlas.counters._SWEEP_SECONDS",
            "workatlas.embedded.reviving.LOOK_SECONDS", "workatlas.examining.LONGEST_SECONDS",
            "workatlas.graphql_endpoint._UNWATCHED_SECONDS", "workatlas.health.KEPT_SECONDS",
            "workatlas.keeping.TURN_SECONDS", "workatlas.leadership.LEASE_SECONDS",
            "workatlas.live.callers.WATCH_SECONDS",
            "workatlas.live.events.PING_SECONDS", "workatlas.metrics._LAG_SECONDS", "workatlas.serving._POLL_SECONDS",
            "workatlas.webhooks.delivery.LOOK_SECONDS",
        ),
        _PACE,
    ),
    **dict.fromkeys(
        (
            "workatlas.embedded.class_archive._BUILD_SECONDS", "workatlas.embedded.database._LOCK_SECONDS",
            "workatlas.embedded.leases._PROBE_SECONDS", "workatlas.embedded.server.START_SECONDS",
            "workatlas.embedded.server.STOP_SECONDS", "workatlas.embedded.server._ANSWER_SECONDS",
            "workatlas.embedded.server._POLL_SECONDS", "workatlas.embedded.transfer._FIRST_PAUSE_SECONDS",
            "workatlas.health._WAIT_SECONDS", "workatlas.keeping.STOP_SECONDS", "workatlas.leadership.LEAVE_SECONDS",
            "workatlas.live.events._GRACE_SECONDS", "workatlas.serving.STOP_SECONDS",
            "workatlas.serving._ANSWER_SECONDS", "workatlas.workers.HEALTH_SECONDS", "workatlas.workers.STOP_SECONDS",
        ),
        _START,
    ),
    "graph.reading.rounds.MAX_ORDERED_TEXT": "By how much of a text is ordered; docs/graphql.md says so.",
    "resolvers.documents._MAX_ERRORS": "How many errors of variables are told.",
    "workatlas.webhooks.courier.MAX_ANSWER": "How much of an answer is read; a longer one counts as well.",
}  # fmt: skip
"""Numbers that look like limits → why nobody is refused for them."""
