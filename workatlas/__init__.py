"""workatlas: the shell around the work graph (settings, command line, application, importers)."""

__version__ = "0.1.0"
