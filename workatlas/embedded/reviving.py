"""Keeps the embedded database running for as long as a server needs it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from graph.errors import GraphError
from workatlas.embedded.database import revive
from workatlas.errors import WorkatlasError
from workatlas.keeping import pause_after
from workatlas.settings import Settings

LOOK_SECONDS: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_LOG: Final = logging.getLogger("workatlas.embedded")


@contextmanager
def reviving(settings: Settings) -> Iterator[None]:
    """Start the database again during the block whenever it ended by itself: killed, out of memory, or broken.

    One that ``db stop`` ended stays so, and one at ``NEO4J_URI`` is for others to look after.
    """
    if settings.neo4j_uri is not None:
        yield
        return
    stopped = threading.Event()
    watch = threading.Thread(target=_watch, args=(settings, stopped), name="reviving the database", daemon=True)
    watch.start()
    try:
        yield
    finally:
        stopped.set()
        watch.join()


def _watch(settings: Settings, stopped: threading.Event) -> None:
    failures, pause = 0, LOOK_SECONDS
    while not stopped.wait(pause):
        try:
            if revive(settings):
                _LOG.warning("the database ended by itself, and was started again")
            failures, pause = 0, LOOK_SECONDS
        except (WorkatlasError, GraphError) as error:
            failures += 1
            pause = pause_after(1.0, failures, _LONGEST_PAUSE)
            _LOG.error("the database ended by itself, and does not start: %s The next attempt is in %g s", error, pause)
