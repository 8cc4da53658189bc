"""What the usual names of statuses, priorities and kinds of work mean, in five languages.

Names are compared folded: without case, accents, and the difference between space, hyphen and underscore.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from graph.rules.lifecycle import Category


def folded(text: str) -> str:
    """Return the form in which names are compared."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\s_\-]+", " ", plain).strip()


_STATUS_NAMES: Final[Mapping[Category, str]] = {
    Category.TRIAGE: """triage, needs triage, to triage, untriaged, unconfirmed, awaiting triage, por
        clasificar, a trier, triagem""",
    Category.BACKLOG: """backlog, open, new, reopened, created, reported, icebox, later, deferred, someday,
        parked, offen, neu, wieder geoffnet, zuruckgestellt, abierto, abierta, nuevo, nueva, reabierto,
        reabierta, pendiente, aberto, aberta, novo, nova, reaberto, reaberta, pendente, ouvert, ouverte,
        nouveau, nouvelle, rouvert, en attente de planification""",
    Category.PLANNED: """planned, to do, todo, ready, selected, selected for development, scheduled,
        accepted, next, unstarted, not started, approved, ready for development, ready to start, up next,
        refined, geplant, zu erledigen, zu tun, bereit, ausgewahlt fur die entwicklung, nicht begonnen, por
        hacer, tareas por hacer, planificado, planificada, listo, seleccionado para desarrollo, sin empezar, a
        fazer, para fazer, tarefas pendentes, planejado, planeado, pronto, selecionado para desenvolvimento, a
        faire, planifie, pret, non commence""",
    Category.STARTED: """started, in progress, doing, in development, in review, review, code review, peer
        review, patch available, testing, in testing, in test, qa, in qa, verifying, under review, in design,
        active, working, ready for review, ready for testing, ready for release, ready to deploy, deploying,
        hooked, draft, in arbeit, in bearbeitung, begonnen, in prufung, im test, in entwicklung, en curso, en
        progreso, en desarrollo, en revision, en pruebas, em andamento, em progresso, em curso, em
        desenvolvimento, em revisao, em teste, en cours, en developpement, en revue, en test, en validation""",
    Category.BLOCKED: """blocked, on hold, waiting, waiting for customer, waiting for support, waiting for
        information, waiting for feedback, impeded, paused, pending, stuck, need info, blockiert, wartend,
        angehalten, pausiert, bloqueado, bloqueada, en espera, detenido, em espera, impedido, pausado, bloque,
        bloquee, en attente, suspendu, en pause""",
    Category.DONE: """done, closed, resolved, completed, complete, finished, fixed, merged, released,
        deployed, shipped, verified, delivered, live, fertig, erledigt, geschlossen, abgeschlossen, gelost,
        behoben, hecho, hecha, cerrado, cerrada, resuelto, resuelta, finalizado, finalizada, terminado,
        terminada, completado, completada, finalizada, feito, concluido, concluida, fechado, fechada, resolvido,
        resolvida, itens concluidos, termine, terminee, fait, ferme, fermee, resolu, resolue, fini""",
    Category.CANCELLED: """cancelled, canceled, not planned, won't fix, wont fix, won't do, wontfix, rejected,
        invalid, duplicate, abandoned, declined, obsolete, dropped, removed, abgebrochen, abgelehnt, storniert,
        verworfen, cancelado, cancelada, rechazado, rechazada, descartado, descartada, rejeitado, rejeitada,
        annule, annulee, rejete, rejetee, abandonne""",
}
_PRIORITY_NAMES: Final[Mapping[str, str]] = {
    "URGENT": """blocker, critical, urgent, highest, immediate, p0, kritisch, dringend, hochste,
        sofort, critico, critica, urgente, mas alta, bloqueador, bloqueadora, bloqueante, muito alta, critique,
        la plus elevee, bloquant""",
    "HIGH": "high, major, p1, important, hoch, wichtig, alta, alto, mayor, importante, haute, eleve, elevee, majeur",
    "MEDIUM": "medium, normal, moderate, p2, mittel, media, medio, normale, moyenne, moyen",
    "LOW": """low, lowest, minor, trivial, p3, p4, niedrig, niedrigste, gering, unbedeutend, baja,
        bajo, mas baja, menor, baixa, baixo, muito baixa, faible, basse, mineur, mineure, la plus basse""",
}
_KIND_NAMES: Final[Mapping[str, str]] = {
    "Issue": """bug, defect, incident, problem, service request, support, support request, it help,
        question, fault, [system] incident, [system] service request, [system] problem, fehler, storung,
        vorfall, serviceanfrage, error, incidencia, incidente, defecto, problema, fallo, defeito, erro,
        anomalie, bogue, bugue, probleme, demande""",
    "Project": "epic, initiative, theme, project, saga, epik, epica, epico, iniciativa, proyecto, projeto, projet",
    "Milestone": "milestone, release, meilenstein, hito, marco, jalon",
}
_NO_PRIORITY: Final = frozenset({"", "none", "no priority", "not set", "undefined", "unprioritized", "keine", "0"})
SEVERITY_OF_PRIORITY: Final[Mapping[str, str]] = {
    "URGENT": "CRITICAL",
    "HIGH": "HIGH",
    "MEDIUM": "MEDIUM",
    "LOW": "LOW",
}
"""How bad a bug is taken to be where its tracker says only how pressing it is."""


def _meanings(table: Mapping[str, str]) -> Mapping[str, str]:
    return {folded(name): meaning for meaning, names in table.items() for name in names.split(",")}


_CATEGORY_OF: Final = {
    name: Category(meaning) for name, meaning in _meanings({str(k): v for k, v in _STATUS_NAMES.items()}).items()
}
_PRIORITY_OF: Final = _meanings(_PRIORITY_NAMES)
_KIND_OF: Final = _meanings(_KIND_NAMES)


def category_of(status: str) -> Category | None:
    """Return the category that a status name usually has."""
    return _CATEGORY_OF.get(folded(status))


def category_from_facts(*, closed: bool) -> Category:
    """Return the category of a status whose name says nothing: done where there is a closing date, else waiting."""
    return Category.DONE if closed else Category.BACKLOG


def priority_of(name: str) -> str | None:
    """Return the priority that a name usually means."""
    return _PRIORITY_OF.get(folded(name))


def means_no_priority(name: str) -> bool:
    """Return whether a tracker says with this name that nobody set a priority."""
    return folded(name) in _NO_PRIORITY


def kind_of(type_name: str) -> str:
    """Return the label for a tracker's type of work; types that are nothing special are tasks."""
    return _KIND_OF.get(folded(type_name), "Task")
