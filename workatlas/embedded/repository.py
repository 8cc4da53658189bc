"""Where the embedded database's files come from: a Maven repository, by URL or as a local folder."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from workatlas.errors import SettingsError
from workatlas.settings import Settings


def repository_root(settings: Settings, maven_settings: Path | None = None) -> str | Path:
    """Return the repository to fetch from: a URL without trailing slash, or a local folder.

    In this order: ``settings.maven_repository``; the mirror of Maven Central in the user's own Maven settings
    (``~/.m2/settings.xml`` unless ``maven_settings`` says another file); the default of the jgo library.

    Raises:
        SettingsError: the setting names neither a URL nor a folder, or the Maven settings cannot be read.

    """
    if settings.maven_repository:
        return _root(settings.maven_repository)
    mirror = central_mirror(maven_settings or Path.home() / ".m2" / "settings.xml")
    if mirror:
        return _root(mirror)
    from jgo.constants import MAVEN_CENTRAL_URL  # deferred: only a fetch needs it, and it imports much

    return _root(MAVEN_CENTRAL_URL)


def central_mirror(path: Path) -> str | None:
    """Return the URL of the first mirror of Maven Central in a Maven ``settings.xml``, if there is one.

    Raises:
        SettingsError: the file is there but is not XML.

    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        return None
    except (ElementTree.ParseError, OSError) as error:
        raise SettingsError(
            f"{path} cannot be read as Maven settings ({error}): "
            "correct it, or set WORKATLAS_MAVEN_REPOSITORY to a repository's URL or folder."
        ) from error
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        url = (mirror.findtext("{*}url") or "").strip()
        if url and _mirrors_central(mirror.findtext("{*}mirrorOf") or ""):
            return url
    return None


def _mirrors_central(pattern: str) -> bool:
    """Tell whether Maven's ``mirrorOf`` pattern covers the repository ``central``."""
    terms = {term.strip() for term in pattern.split(",")}
    return "!central" not in terms and bool(terms & {"*", "central", "external:*"})


def _root(text: str) -> str | Path:
    if text.startswith(("http://", "https://")):
        return text.rstrip("/")
    folder = Path(text.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise SettingsError(
            f"WORKATLAS_MAVEN_REPOSITORY is {text}, which is neither an http(s) URL nor a folder: "
            "set it to a Maven repository, or unset it."
        )
    return folder
