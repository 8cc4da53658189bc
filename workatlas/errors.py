"""The shell's errors.

::

    WorkatlasError          anything the shell can say in one sentence; the command line prints it and exits 2
    ├── LayoutError         the four packages do not come from one folder
    ├── SettingsError       a setting is missing or wrong
    ├── DatabaseError       the embedded database cannot be fetched, started, reached or stopped
    ├── ImportFailedError   a whole file (or mapping) that was to be imported cannot be read
    ├── NotFoundError       a command names an item that the workspace does not have
    └── WebhookError        a webhook cannot be changed at this moment
"""

from __future__ import annotations


class WorkatlasError(Exception):
    """Anything the shell can tell its user in one sentence that says what to do."""


class LayoutError(WorkatlasError):
    """The four packages of workatlas do not come from one folder."""


class SettingsError(WorkatlasError):
    """A setting is missing or wrong."""


class DatabaseError(WorkatlasError):
    """The embedded database cannot be fetched, started, reached or stopped."""


class ImportFailedError(WorkatlasError):
    """A whole file (or mapping) that was to be imported cannot be read."""


class NotFoundError(WorkatlasError):
    """A command names an item that the workspace does not have."""


class WebhookError(WorkatlasError):
    """A webhook cannot be changed at this moment."""
