"""What a user may say about a CSV export: which header is which field, what its names mean, how its dates look.

The file is TOML or JSON. Headers named there win over the built-in ones, which know the usual exports in several
languages. Headers are compared folded, and ``Custom field (X)`` is also found as ``X``.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import msgspec

from graph.rules.lifecycle import Category
from workatlas.errors import ImportFailedError
from workatlas.importers.dates import DateReader
from workatlas.importers.files import content
from workatlas.importers.vocabulary import folded

Kind = Literal["Task", "Issue", "Project", "Milestone"]
Priority = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]
LinkMeaning = Literal["blocks", "blockedBy", "duplicates", "duplicatedBy", "supersedes", "supersededBy", "relates"]

HEADERS: Final[Mapping[str, str]] = {
    "title": "summary, title, name, task, zusammenfassung, titel, resumen, titulo, resumo, résumé, titre",
    "key": "issue key, key, vorgangsschlüssel, schlüssel, clave de incidencia, clave, chave da item, chave, clé "
    "de ticket",
    "id": "issue id, id, vorgangs-id, id de la incidencia, id da item, id de ticket",
    "type": "issue type, type, vorgangstyp, typ, tipo de incidencia, tipo de item, tipo, type de ticket",
    "status": "status, state, estado, situação, état, statut",
    "statusCategory": "status category, statuskategorie, categoría de estado, categoria do status, catégorie d'état",
    "projectKey": "project key, projektschlüssel, clave del proyecto, clave de proyecto, chave do projeto, clé de "
    "projet",
    "projectName": "project name, project, projektname, projekt, nombre del proyecto, proyecto, nome do projeto, "
    "projeto, nom du projet, projet",
    "projectLead": "project lead, projektleiter, responsable del proyecto, responsável pelo projeto, chef de projet",
    "projectLeadId": "project lead id",
    "projectDescription": "project description",
    "priority": "priority, priorität, prioridad, prioridade, priorité",
    "severity": "severity, schweregrad, severidad, gravedad, severidade, sévérité",
    "resolution": "resolution, lösung, erledigungsart, resolución, resolução, résolution",
    "assignee": "assignee, owner, zugewiesene person, bearbeiter, persona asignada, responsable, responsável, "
    "attribution, personne assignée",
    "assigneeId": "assignee id",
    "reporter": "reporter, creator, autor, ersteller, informador, creador, relator, criador, rapporteur, auteur",
    "reporterId": "reporter id, creator id",
    "created": "created, created date, created at, erstellt, creada, creado, criado, création, créée",
    "updated": "updated, updated at, aktualisiert, actualizada, actualizado, atualizado, mis à jour",
    "resolved": "resolved, completed, completed at, closed, finished date, resolution date, erledigt, gelöst, "
    "resuelta, resuelto, resolvido, résolu, résolue",
    "started": "started, started at, begonnen, iniciado, commencé",
    "start": "start date, startdatum, fecha de inicio, data de início, date de début",
    "due": "due date, due, fälligkeitsdatum, fällig, fecha de vencimiento, data limite, data de entrega, "
    "échéance, date d'échéance",
    "description": "description, issue description, beschreibung, descripción, descrição",
    "estimate": "original estimate, ursprüngliche schätzung, estimación original, estimativa original, estimation "
    "originale",
    "remaining": "remaining estimate, verbleibende schätzung, estimación restante, estimativa restante, estimation "
    "restante",
    "spent": "time spent, aufgewendete zeit, tiempo trabajado, tempo gasto, temps consacré",
    "points": "story points, story point estimate, puntos de historia",
    "labels": "labels, tags, stichwörter, etiquetas, étiquettes",
    "components": "component, components, component/s, komponente, komponenten, componente, componentes, composants",
    "affectsVersions": "affects version/s, affects versions, affects version, versiones afectadas",
    "fixVersions": "fix version/s, fix versions, fix version, lösungsversion(en), versiones de corrección",
    "environment": "environment, umgebung, entorno, ambiente, environnement",
    "comments": "comment, comments, kommentar, comentario, comentário, commentaire",
    "sprint": "sprint, sprints, cycle name, cycle",
    "sprintStart": "sprint start, cycle start",
    "sprintEnd": "sprint end, cycle end",
    "parentKey": "parent key, parent issue key",
    "parent": "parent, parent id, parent issue, übergeordnet, principal, pai",
    "epic": "epic link, epic, epic-verknüpfung, enlace de épica, link do épico, lien d'epic",
    "url": "url, link",
    "archived": "archived, archived at",
    "blocks": "blocks, blocking",
    "blockedBy": "blocked by, depends on",
    "duplicateOf": "duplicate id, duplicate of, duplicates",
    "related": "related to, relates to, related issues",
}
"""Field → headers that mean it, the better ones first."""

_LINKS: Final[Mapping[str, tuple[LinkMeaning, LinkMeaning]]] = {
    # name of the link type: what the outward and the inward column say about this item
    "blocks": ("blocks", "blockedBy"),
    "blocker": ("blocks", "blockedBy"),
    "blockiert": ("blocks", "blockedBy"),
    "bloquea": ("blocks", "blockedBy"),
    "bloqueia": ("blocks", "blockedBy"),
    "bloque": ("blocks", "blockedBy"),
    "dependency": ("blockedBy", "blocks"),
    "depends": ("blockedBy", "blocks"),
    "dependent": ("blockedBy", "blocks"),
    "required": ("blockedBy", "blocks"),
    "duplicate": ("duplicates", "duplicatedBy"),
    "duplikat": ("duplicates", "duplicatedBy"),
    "duplicado": ("duplicates", "duplicatedBy"),
    "supercedes": ("supersedes", "supersededBy"),
    "supersedes": ("supersedes", "supersededBy"),
    **dict.fromkeys(
        (
            "relates",
            "related",
            "reference",
            "cloners",
            "issue split",
            "problem/incident",
            "causes",
            "polaris work item link",
        ),
        ("relates", "relates"),
    ),
}
_REVERSED: Final[Mapping[LinkMeaning, LinkMeaning]] = {
    "blocks": "blockedBy",
    "blockedBy": "blocks",
    "duplicates": "duplicatedBy",
    "duplicatedBy": "duplicates",
    "supersedes": "supersededBy",
    "supersededBy": "supersedes",
    "relates": "relates",
}
_CUSTOM = re.compile(r"custom ?field \((.+)\)", re.IGNORECASE)
_SHIPPED = Path(__file__).parent / "mappings"


class CsvMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", dict=True):
    """Everything that such a file may say; each part may be left out.

    ``columns``: our field → header or headers. ``fields``: name of a custom field → header, kept as it is.
    ``statuses``, ``priorities``, ``types``: the tracker's name → ours. ``links``: name of a link type → what its
    *outward* column says about the item. ``date_formats`` are those of ``strptime``; ``timezone`` is that of dates
    without an offset. ``default_type`` is for exports without a type column.
    """

    source: str = "jira"
    columns: dict[str, str | list[str]] = {}
    fields: dict[str, str] = {}
    statuses: dict[str, Category] = {}
    priorities: dict[str, Priority] = {}
    types: dict[str, Kind] = {}
    links: dict[str, LinkMeaning] = {}
    date_formats: list[str] = []
    timezone: str = "UTC"
    default_type: Kind = "Task"

    @cached_property
    def headers(self) -> Mapping[str, tuple[str, int]]:
        """Folded header → field and rank: of several headers for a field, the lower rank is preferred."""
        known: dict[str, tuple[str, int]] = {}
        for field, names in HEADERS.items():
            for rank, name in enumerate(names.split(","), 1):
                known.setdefault(folded(name), (field, rank))
        for field, given in self.columns.items():
            for rank, name in enumerate([given] if isinstance(given, str) else given):
                known[folded(name)] = (field, rank - 1000)
        return known

    @cached_property
    def dates(self) -> DateReader:
        """The reader for this export's dates."""
        return DateReader(tuple(self.date_formats), zoneinfo.ZoneInfo(self.timezone))

    @cached_property
    def named_statuses(self) -> Mapping[str, Category]:
        """Folded status name → category."""
        return {folded(name): category for name, category in self.statuses.items()}

    @cached_property
    def named_types(self) -> Mapping[str, str]:
        """Folded type name → label."""
        return {folded(name): kind for name, kind in self.types.items()}

    @cached_property
    def named_priorities(self) -> Mapping[str, str]:
        """Folded priority name → priority."""
        return {folded(name): priority for name, priority in self.priorities.items()}

    def link(self, name: str, *, outward: bool) -> LinkMeaning | None:
        """Return what a link column says about its item; ``None`` when the link type is not known."""
        for given, meaning in self.links.items():
            if folded(given) == folded(name):
                return meaning if outward else _REVERSED[meaning]
        known = _LINKS.get(folded(name))
        return known[0 if outward else 1] if known else None


def load(path: Path | None) -> CsvMapping:
    """Read a mapping file, or the shipped one of that name (``linear``).

    Raises:
        ImportFailedError: There is no such file, or it says something that no mapping can say.

    """
    if path is None:
        return CsvMapping()
    shipped = _SHIPPED / f"{path}.toml"
    file = shipped if not path.exists() and len(path.parts) == 1 and shipped.exists() else path
    decode = msgspec.json.decode if file.suffix == ".json" else msgspec.toml.decode
    try:
        mapping = decode(content(file), type=CsvMapping)
        unknown = mapping.columns.keys() - HEADERS.keys()
        if unknown:
            raise ValueError(f"columns: {', '.join(sorted(unknown))} is none of {', '.join(HEADERS)}")
        zoneinfo.ZoneInfo(mapping.timezone)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ImportFailedError(f"mapping {file} cannot be used: {error}") from error
    return mapping


def plain_header(header: str) -> str:
    """Return a header without the wrapping that Jira puts around custom fields."""
    match = _CUSTOM.fullmatch(header.strip())
    return match[1] if match else header.strip()
