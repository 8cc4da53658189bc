"""Tokens of a real signing server: which count, which do not, and how its keys are followed."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import ECKey, OctKey, RSAKey

from resolvers.access import Access, Role
from resolvers.errors import RefusedError
from tests.workatlas.auth.provider import AUDIENCE, SigningServer, signing_server
from workatlas.auth import jwks, oidc
from workatlas.auth.jwks import JwksCache
from workatlas.auth.oidc import TokenReader, roles_of
from workatlas.auth.provider import Provider
from workatlas.auth.subject import Subject


@pytest.fixture
def provider() -> Iterator[SigningServer]:
    with signing_server() as server:
        yield server


def _trusted(provider: SigningServer, **options: Any) -> Provider:
    return replace(Provider(provider.issuer, AUDIENCE), **options)


def _read(trusted: Provider, *tokens: str) -> list[Subject | None]:
    async def work() -> list[Subject | None]:
        async with httpx.AsyncClient() as client:
            reader = TokenReader(trusted, client)
            return [await reader.subject(token) for token in tokens]

    return asyncio.run(work())


def test_a_good_token_names_its_subject(provider: SigningServer) -> None:
    token = provider.token(email="Ada@Example.com", workatlas_roles={"atlas": "editor"}, scope="openid workatlas.read")
    (subject,) = _read(_trusted(provider), token)
    assert subject is not None
    assert (subject.name, subject.person, subject.key) == ("ada", "ada@example.com", None)
    assert subject.roles == {"atlas": Role.EDITOR}
    assert subject.scopes == {Access.READ}
    assert subject.expires_at == pytest.approx(time.time() + 300, abs=5)


def test_a_token_may_be_as_long_as_the_limit(provider: SigningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = provider.token()
    monkeypatch.setattr(oidc, "MAX_TOKEN", len(token))
    assert None not in _read(_trusted(provider), token)
    monkeypatch.setattr(oidc, "MAX_TOKEN", len(token) - 1)
    assert _read(_trusted(provider), token) == [None]


def test_a_key_set_may_be_as_long_as_the_limit(provider: SigningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = _trusted(provider, jwks_url=f"{provider.issuer}/keys")
    size = len(httpx.get(f"{provider.issuer}/keys").content)
    monkeypatch.setattr(jwks, "_MAX_BYTES", size)
    assert None not in _read(trusted, provider.token())
    monkeypatch.setattr(jwks, "_MAX_BYTES", size - 1)
    with pytest.raises(RefusedError, match="keys cannot be read"):
        _read(trusted, provider.token())


def test_elliptic_keys_and_a_given_address_of_the_keys(provider: SigningServer) -> None:
    provider.keys["second"] = ECKey.generate_key("P-256", {"kid": "second"})
    trusted = _trusted(provider, jwks_url=f"{provider.issuer}/keys")
    assert None not in _read(trusted, provider.token("second", "ES256"), provider.token())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:1"}, {"iss": None}, {"iss": ["a"]}, {"aud": "another service"}, {"aud": None},
        {"aud": []}, {"sub": None}, {"exp": None}, {"exp": 1}, {"exp": "soon"}, {"nbf": 99_999_999_999},
    ],
)  # fmt: skip
def test_claims_that_do_not_fit(provider: SigningServer, claims: dict[str, Any]) -> None:
    assert _read(_trusted(provider), provider.token(**claims)) == [None]


def test_one_of_several_audiences_is_enough(provider: SigningServer) -> None:
    assert None not in _read(_trusted(provider), provider.token(aud=["another service", AUDIENCE]))


def test_an_expired_token_has_a_few_seconds_for_clocks_that_differ(provider: SigningServer) -> None:
    now = int(time.time())
    tokens = [provider.token(exp=now - late, iat=now - 600) for late in (1, 30)]
    assert [one is not None for one in _read(_trusted(provider), *tokens)] == [True, False]


def _signed(provider: SigningServer, payload: str, header: dict[str, Any]) -> str:
    """Return a token with a header that libraries refuse to write; the signature is right."""
    given = base64.urlsafe_b64encode(orjson.dumps({"alg": "RS256", "kid": "first"} | header)).rstrip(b"=").decode()
    key = provider.keys["first"].private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(f"{given}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{given}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_signatures_that_do_not_count(provider: SigningServer) -> None:
    good = provider.token()
    header, payload, signature = good.split(".")
    stranger = SigningServer()
    stranger.issuer = provider.issuer
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').rstrip(b"=").decode()
    public = provider.keys["first"].as_pem(private=False)  # type: ignore[union-attr]
    confused = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').rstrip(b"=").decode()
    mac = hmac.digest(public, f"{confused}.{payload}".encode(), "sha256")
    forged = orjson.loads(base64.urlsafe_b64decode(payload + "==")) | {"sub": "root"}
    other_payload = base64.urlsafe_b64encode(orjson.dumps(forged)).rstrip(b"=").decode()
    refused = {
        "signed by another with the same key id": stranger.token(),
        "unsigned": f"{unsigned}.{payload}.",
        "no signature": f"{header}.{payload}.",
        "another payload": f"{header}.{other_payload}.{signature}",
        "public key as a shared secret": f"{confused}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        "an algorithm that is not allowed": provider.token(algorithm="PS256"),
        "a critical extension that nobody knows": _signed(provider, payload, {"crit": ["x"], "x": 1}),
        "too long": provider.token(padding="x" * 9000),
        "no token": "abc",
        "no header": f"%%%.{payload}.{signature}",
        "header is no object": f"W10.{payload}.{signature}",
        "key id is no text": _signed(provider, payload, {"kid": 7}),
    }
    found = _read(_trusted(provider), good, _signed(provider, payload, {}), *refused.values())
    assert None not in found[:2]
    assert dict(zip(refused, found[2:], strict=True)) == dict.fromkeys(refused)


def test_shared_secrets_and_encryption_keys_of_the_set_are_left_out(provider: SigningServer) -> None:
    provider.keys["secret"] = OctKey.generate_key(256, {"kid": "secret"})
    provider.keys["sealing"] = RSAKey.generate_key(2048, {"kid": "sealing", "use": "enc"})
    trusted = _trusted(provider, algorithms=("RS256", "HS256"))
    tokens = provider.token("secret", "HS256"), provider.token()
    assert [one is not None for one in _read(trusted, *tokens)] == [False, True]


def _with_cache(
    provider: SigningServer, work: Callable[[JwksCache, list[float]], Awaitable[None]], url: str | None = None
) -> None:
    async def run() -> None:
        now = [1000.0]
        async with httpx.AsyncClient() as client:
            await work(JwksCache(client, provider.issuer, url, lambda: now[0]), now)

    asyncio.run(run())


def test_rotation_is_followed_without_asking_too_often(provider: SigningServer) -> None:
    async def work(cache: JwksCache, now: list[float]) -> None:
        for _ in range(50):
            await cache.keys_for("first")
        assert provider.reads == 1
        provider.keys["second"] = RSAKey.generate_key(2048, {"kid": "second"})
        for number in range(50):
            await cache.keys_for(f"made up {number}")
        assert provider.reads == 1, "made-up key ids must not become requests"
        now[0] += jwks.MIN_SECONDS
        found = await asyncio.gather(*(cache.keys_for("second") for _ in range(20)))
        assert {key.kid for key in found[0].keys} == {"first", "second"}
        assert provider.reads == 2
        del provider.keys["first"]
        now[0] += jwks.REFRESH_SECONDS + 1
        assert {key.kid for key in (await cache.keys_for("first")).keys} == {"second"}

    _with_cache(provider, work)


def test_an_outage_of_the_provider_is_survived(provider: SigningServer) -> None:
    async def work(cache: JwksCache, now: list[float]) -> None:
        provider.down = True
        with pytest.raises(RefusedError, match="try again") as refused:
            await cache.keys_for("first")
        assert refused.value.code == "UNAVAILABLE"
        provider.down = False
        now[0] += jwks.MIN_SECONDS
        before = await cache.keys_for("first")
        provider.down = True
        now[0] += 10 * jwks.REFRESH_SECONDS
        assert await cache.keys_for("first") is before

    _with_cache(provider, work)


@pytest.mark.parametrize("answer", [[], {}, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]}])
def test_what_is_no_key_set_is_an_outage(provider: SigningServer, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "answer", lambda path: answer)

    async def work(cache: JwksCache, now: list[float]) -> None:
        with pytest.raises(RefusedError):
            await cache.keys_for("first")

    _with_cache(provider, work, f"{provider.issuer}/keys")


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        ({"a": "admin", "b": "viewer", "c": "king", "d": 1}, {"a": Role.ADMIN, "b": Role.VIEWER}),
        (["a:admin", "b:c:editor", "viewer", ":admin", 3], {"a": Role.ADMIN, "b:c": Role.EDITOR}),
        ("a:admin", {}),
        (None, {}),
        ({"a": ["admin"]}, {}),
    ],
)
def test_roles_are_those_that_the_claim_names(claim: object, roles: dict[str, Role]) -> None:
    assert roles_of(claim) == roles


def test_an_unverified_address_is_nobodys(provider: SigningServer) -> None:
    tokens = [provider.token(email="ada@example.com", email_verified=one) for one in (False, "true", True)]
    assert [one.person if one else "" for one in _read(_trusted(provider), *tokens)] == [None, None, "ada@example.com"]
