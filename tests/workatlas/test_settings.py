"""Settings that decide who may ask."""

from __future__ import annotations

import pytest

from workatlas.auth.provider import Provider
from workatlas.errors import SettingsError
from workatlas.leadership import LEASE_SECONDS
from workatlas.settings import MAX_NAME, Settings

ISSUER = {"WORKATLAS_OIDC_ISSUER": "https://login.example.com", "WORKATLAS_OIDC_AUDIENCE": "atlas"}


def test_a_provider_is_trusted_when_it_is_named() -> None:
    assert Settings.from_environ({}).provider is None
    assert Settings.from_environ(ISSUER).provider == Provider("https://login.example.com", "atlas")
    options = {
        "WORKATLAS_OIDC_JWKS_URL": "http://localhost:1/keys",
        "WORKATLAS_OIDC_ALGORITHMS": "ES512, PS256",
        "WORKATLAS_OIDC_ROLES_CLAIM": "groups",
    }
    assert Settings.from_environ(ISSUER | options).provider == Provider(
        "https://login.example.com", "atlas", "http://localhost:1/keys", ("ES512", "PS256"), "groups"
    )


@pytest.mark.parametrize("name", [" ", "a\x1b[2J", "a\nb", "a" * (MAX_NAME + 1)])
def test_a_workspace_has_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(SettingsError, match="is no workspace's name") as refused:
        Settings.from_environ({"WORKATLAS_WORKSPACE": name})
    assert len(str(refused.value)) < 150
    assert Settings.from_environ({"WORKATLAS_WORKSPACE": "a" * MAX_NAME}).workspace == "a" * MAX_NAME


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"WORKATLAS_AUTH": "none"}, "must be auto or required"),
        (ISSUER | {"WORKATLAS_OIDC_AUDIENCE": ""}, "WORKATLAS_OIDC_AUDIENCE is not"),
        (ISSUER | {"WORKATLAS_OIDC_ISSUER": "http://login.example.com"}, "must be an https:// URL"),
        (ISSUER | {"WORKATLAS_OIDC_JWKS_URL": "file:///etc/keys"}, "must be an https:// URL"),
        (ISSUER | {"WORKATLAS_OIDC_ALGORITHMS": "RS256,HS256"}, "names 'HS256'"),
        (ISSUER | {"WORKATLAS_OIDC_ALGORITHMS": "none"}, "names 'none'"),
    ],
)
def test_what_would_open_a_door_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.from_environ(given)


@pytest.mark.parametrize("text", ["-1", "0", "2.5", "many", "²"])
def test_tries_are_a_whole_number(text: str) -> None:
    with pytest.raises(SettingsError, match="WORKATLAS_WEBHOOK_TRIES"):
        Settings.from_environ({"WORKATLAS_WEBHOOK_TRIES": text})
    assert Settings.from_environ({"WORKATLAS_WEBHOOK_TRIES": "1"}).webhook_tries == 1


@pytest.mark.parametrize("text", ["0", "0.5", "-2", "inf", "nan", "soon"])
def test_a_lease_lasts_a_second_at_least(text: str) -> None:
    with pytest.raises(SettingsError, match=r"WORKATLAS_LEASE_SECONDS is .*: write a number from 1 up"):
        Settings.from_environ({"WORKATLAS_LEASE_SECONDS": text})
    assert Settings.from_environ({"WORKATLAS_LEASE_SECONDS": "1"}).lease_seconds == 1
    assert Settings.from_environ({}).lease_seconds == LEASE_SECONDS


def test_webhooks_are_everyones_ones_own_or_nobodys() -> None:
    assert [Settings.from_environ({"WORKATLAS_WEBHOOKS": one}).webhooks for one in ("", "own", "off")] == [
        "all", "own", "off",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match="must be all or own or off"):
        Settings.from_environ({"WORKATLAS_WEBHOOKS": "0"})
