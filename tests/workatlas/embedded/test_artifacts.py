from __future__ import annotations

import pytest

from workatlas.embedded.artifacts import NEO4J_VERSION, Artifact, digest_of, locked_artifacts, read_artifacts

HASH = "0123456789abcdef" * 4


def test_the_list_holds_the_release_that_the_code_names() -> None:
    server = [one for one in locked_artifacts() if (one.group, one.name) == ("org.neo4j", "neo4j")]
    assert [one.version for one in server] == [NEO4J_VERSION]


def test_no_two_files_of_the_list_take_the_same_place_in_the_cache() -> None:
    names = [one.file_name for one in locked_artifacts()]
    assert len(names) > 200
    assert len(set(names)) == len(names)


def test_neo4j_jars_of_other_versions_are_not_mixed_in() -> None:
    assert {one.version for one in locked_artifacts() if one.group == "org.neo4j"} == {NEO4J_VERSION}


def test_a_line_gives_the_path_that_a_maven_repository_uses() -> None:
    one = Artifact.from_line(f"{HASH} 12 io.netty:netty-epoll:4.2:linux-x86_64")
    assert one.path == "io/netty/netty-epoll/4.2/netty-epoll-4.2-linux-x86_64.jar"
    assert (one.sha256, one.size) == (HASH, 12)


@pytest.mark.parametrize(
    "line",
    [
        f"{HASH} 12 group:..:1.0",
        f"{HASH} 12 group:../../name:1.0",
        f"{HASH} 12 group:name",
        f"{HASH} 12 group:name:1.0:classifier:more",
        f"{HASH} many group:name:1.0",
        f"{HASH[1:]} 12 group:name:1.0",
        f"{HASH} group:name:1.0",
    ],
)
def test_a_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_artifacts([line])


def test_comments_and_empty_lines_are_skipped() -> None:
    assert len(read_artifacts(["# comment", "", f"{HASH} 12 group:name:1.0", "  "])) == 1


def test_another_hash_gives_another_cache_folder() -> None:
    one = Artifact.from_line(f"{HASH} 12 group:name:1.0")
    other = Artifact.from_line(f"{HASH[::-1]} 12 group:name:1.0")
    assert digest_of([one]) != digest_of([other])
