"""The start-up guard: the four packages must come from one folder.

``graph``, ``analytics`` and ``resolvers`` are common names, and another distribution in the same environment may
install one of them too. Importing a stranger's package would fail somewhere deep inside, so it is said at the start.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from workatlas.errors import LayoutError

PACKAGES: Final = ("graph", "analytics", "resolvers", "workatlas")
"""The import names that workatlas installs."""


def check_packages() -> None:
    """Check that Python would import each of the four packages from the folder of this one; imports none of them.

    Raises:
        LayoutError: A package is missing, or another distribution's stands before it.

    """
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        folder = folder_of(name)
        if folder is None:
            raise LayoutError(f"the package {name!r} of workatlas is not installed in {home}: {_ADVICE}.")
        if folder.parent != home:
            raise LayoutError(
                f"Python finds the package {name!r} in {folder} instead of {home / name}, so another distribution or "
                f"PYTHONPATH stands before workatlas: {_ADVICE}."
            )


_ADVICE: Final = "install workatlas into a virtual environment of its own (scripts/install makes one)"


def folder_of(name: str) -> Path | None:
    """Return the folder from which Python would import a package, or ``None`` if there is no such package.

    A module that is a single file counts with the folder that a package in its place would have.
    """
    try:
        spec = find_spec(name)
    except ValueError:  # a module that was put into sys.modules by hand
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin or name).resolve()
