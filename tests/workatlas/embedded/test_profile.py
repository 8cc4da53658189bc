from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from workatlas.embedded.configuration import neo4j_conf
from workatlas.embedded.profile import Profile
from workatlas.errors import DatabaseError, SettingsError
from workatlas.settings import Settings


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.of(Settings(home=tmp_path / "home", cache=tmp_path, profile="work"))
    made.prepare()
    return made


def test_only_the_owner_can_enter_the_folder_and_read_the_password(profile: Profile) -> None:
    profile.password()
    assert stat.S_IMODE(profile.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((profile.folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((profile.data / "dbms" / "auth.ini").stat().st_mode) == 0o600


def test_the_password_is_made_once_and_differs_between_profiles(profile: Profile, tmp_path: Path) -> None:
    other = Profile.of(Settings(home=tmp_path / "home", cache=tmp_path, profile="other"))
    other.prepare()
    assert profile.password() == profile.password() != other.password()
    assert len(profile.password()) >= 32


def test_the_password_is_in_no_text_form_and_not_in_the_servers_files(profile: Profile) -> None:
    password = profile.password()
    assert password not in repr(profile.connection(7687))
    assert password not in (profile.data / "dbms" / "auth.ini").read_text(encoding="utf-8")


def test_a_password_that_is_gone_while_data_is_there_is_not_made_anew(profile: Profile) -> None:
    profile.password()
    (profile.data / "databases").mkdir()
    (profile.folder / "password").unlink()
    with pytest.raises(DatabaseError, match=r"its password file .* is gone: put that file back from a backup"):
        profile.password()


def test_a_start_killed_before_the_password_was_kept_makes_a_new_one(profile: Profile) -> None:
    first = profile.password()
    (profile.folder / "password").unlink()
    assert profile.password() != first


def configure(profile: Profile, port: int) -> None:
    settings = Settings(home=profile.folder, cache=profile.folder)
    (profile.configuration / "neo4j.conf").write_text(neo4j_conf(settings, port), encoding="utf-8")


def test_the_port_of_the_last_start_is_chosen_again(profile: Profile) -> None:
    assert profile.configured_port() == 0
    port = profile.choose_port()
    configure(profile, port)
    assert profile.choose_port() == port == profile.configured_port()
    assert profile.choose_port(avoid=port) != port


def test_a_port_that_somebody_took_is_replaced(profile: Profile) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        configure(profile, taken)
        assert profile.choose_port() != taken


def test_a_damaged_or_privileged_port_is_replaced(profile: Profile) -> None:
    (profile.configuration / "neo4j.conf").write_bytes(b"\xff\x00")
    assert profile.choose_port() > 1023
    configure(profile, 80)
    assert profile.choose_port() > 1023


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "x" * 65, "a b"])
def test_a_profile_must_be_a_name_for_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="WORKATLAS_PROFILE is"):
        Profile.of(Settings(home=tmp_path, cache=tmp_path, profile=name))
