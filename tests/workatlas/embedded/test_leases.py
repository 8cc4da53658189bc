from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workatlas.embedded.leases import count_leases, take_lease
from workatlas.embedded.profile import Profile

HOLD = """\
import sys
from pathlib import Path
from workatlas.embedded.leases import take_lease
from workatlas.embedded.profile import Profile
lease = take_lease(Profile(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path)


def test_each_lease_counts_until_it_is_released(profile: Profile) -> None:
    assert count_leases(profile) == 0
    first, second = take_lease(profile), take_lease(profile)
    assert count_leases(profile) == 2
    first.release()
    first.release()
    assert count_leases(profile) == 1
    second.release()
    assert count_leases(profile) == 0


def test_the_lease_of_a_killed_process_counts_for_nothing(profile: Profile) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(profile.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert count_leases(profile, prune=True) == 1
        holder.kill()
        holder.wait()
    assert count_leases(profile) == 0
    assert list((profile.folder / "leases").iterdir()) != []
    assert count_leases(profile, prune=True) == 0
    assert list((profile.folder / "leases").iterdir()) == []
