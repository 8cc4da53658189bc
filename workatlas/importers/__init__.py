"""Importers: pure transforms from foreign files to the rows that the one write path takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workatlas.importers import beads, github, jira_csv, jsonl, k8s_keps, mspdi, rust_goals, rust_team
from workatlas.importers.importer import Importer, ImportOptions

__all__ = ["IMPORTERS", "ImportOptions", "Importer"]

IMPORTERS: Mapping[str, Importer] = MappingProxyType(
    {
        importer.name: importer
        for importer in (
            Importer("jsonl", "native exchange format, what export writes", jsonl.read),
            Importer("beads", "beads trackers (.beads/issues.jsonl)", beads.read),
            Importer("github", "GitHub issues and pull requests (REST answers, gh, archives)", github.read),
            Importer("jira-csv", "CSV exports of Jira, and of others by a mapping file", jira_csv.read),
            Importer(
                "k8s-keps", "Kubernetes enhancement proposals (keps/**/kep.yaml) and groups (sigs.yaml)", k8s_keps.read
            ),
            Importer("mspdi", "Microsoft Project XML, with links, lags, calendars and assignments", mspdi.read),
            Importer("rust-goals", "Rust project goals (src/2025h1/*.md); load rust-team with it", rust_goals.read),
            Importer("rust-team", "Rust teams and people (teams/*.toml, people/*.toml)", rust_team.read),
        )
    }
)
