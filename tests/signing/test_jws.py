"""One signed payload (R17): what is believed, and by whom; what is refused; what signs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import jwcrypto.jwk
import jwcrypto.jws
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast import _jose
from ocpp_fast.errors import InvalidSignature
from ocpp_fast.signing import KeySigner, Signing, sign, thumbprint, verify

from .attacks import ATTACKS
from .keys import (
    EC_OWNER,
    HEADER,
    OWNERS,
    PAYLOAD,
    RSA_OWNER,
    STRANGER,
    Chip,
    Owner,
    b64,
    by_hand,
    checked,
    der_encoded,
    raw_signature,
    signer_of,
    with_,
)

RunPython = Callable[..., "CompletedProcess[str]"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "signing.md"
ALGORITHMS: Final = pytest.mark.parametrize("algorithm", ["ES256", "RS256", "RS384"])


# What is right is believed


@ALGORITHMS
@pytest.mark.parametrize("form", ["public", "certificate", "jwk", "text"])
def test_R17_what_is_signed_verifies_by_every_form_of_the_key(algorithm: str, form: str) -> None:
    owner = OWNERS[algorithm]
    jws = sign(PAYLOAD, signer_of(owner, algorithm), action="BootNotification", message_type=2)
    key = owner.certificate.decode() if form == "text" else getattr(owner, form)
    payload, signature = verify(jws, lambda _: key, action="BootNotification", message_type=2)
    assert payload == PAYLOAD
    assert signature.header == {
        "alg": algorithm,
        "x5t#S256": b64(hashlib.sha256(owner.der).digest()),
        "OCPPAction": "BootNotification",
        "OCPPMessageTypedId": 2,
    }
    assert (signature.thumbprint, signature.key, signature.jws) == (thumbprint(owner.certificate), key, jws)


@ALGORITHMS
def test_R17_we_and_another_jose_implementation_believe_each_other(algorithm: str) -> None:
    owner = OWNERS[algorithm]
    other = jwcrypto.jws.JWS()
    other.allowed_algs = [algorithm]
    jws = sign(PAYLOAD, signer_of(owner, algorithm), action="Heartbeat", message_type=3)
    other.deserialize(json.dumps(jws), jwcrypto.jwk.JWK(**owner.jwk))
    assert (other.payload, other.jose_header["OCPPMessageTypedId"]) == (PAYLOAD, 3)
    other = jwcrypto.jws.JWS(PAYLOAD)
    header = json.dumps(with_(alg=algorithm, kid="7"))
    other.add_signature(jwcrypto.jwk.JWK.from_pem(owner.private), protected=header)
    assert checked(json.loads(other.serialize()), key=owner.jwk) == PAYLOAD


def test_R17_the_example_of_rfc_7515_verifies() -> None:
    example = {  # A.3
        "protected": "eyJhbGciOiJFUzI1NiJ9",
        "payload": "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "signature": "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    }
    key = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    assert _jose.verify(example, _jose.public_key(key))
    assert not _jose.verify({**example, "payload": example["payload"][:-1] + "A"}, _jose.public_key(key))


@pytest.mark.parametrize(
    "header",
    [
        with_(OCPPMessageTypedId="2"),
        with_(OCPPMessageTypeId=2),
        {"alg": "ES256", "OCPPAction": "Heartbeat", "OCPPMessageTypeId": 2},
        with_(kid="1", typ="JOSE", iat=7, vendor={"a": [1]}),
    ],
)
def test_R17_spellings_and_further_parameters_and_members_are_taken(header: Mapping[str, Any]) -> None:
    assert checked(by_hand(header) | {"vendor": 1}) == PAYLOAD


# Attacks


@pytest.mark.parametrize("attack", ATTACKS)
def test_R17_refused(attack: str) -> None:
    make, expected = ATTACKS[attack]
    with pytest.raises(InvalidSignature, match=expected):
        checked(make())


@pytest.mark.parametrize(("algorithm", "other"), [("RS256", hashes.SHA384()), ("RS384", hashes.SHA256())])
def test_R17_one_rsa_algorithm_does_not_pass_for_the_other(algorithm: str, other: hashes.HashAlgorithm) -> None:
    jws = by_hand(with_(alg=algorithm), signature=partial(raw_signature, owner=RSA_OWNER, hashing=other))
    with pytest.raises(InvalidSignature, match="one that verifies"):
        checked(jws, key=RSA_OWNER.public)


@pytest.mark.parametrize("limit", [{"alg": "RS256"}, {"use": "enc"}, {"key_ops": ["encrypt"]}])
def test_R17_a_jwk_is_used_only_for_what_it_is_meant_for(limit: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature, match="one that verifies"):
        checked(by_hand(), key=EC_OWNER.jwk | limit)


UNUSABLE: Final[dict[str, Any]] = {
    "an RSA key of 1024 bits": Owner(rsa.generate_private_key(65537, 1024)).public,
    "a certificate of one": Owner(rsa.generate_private_key(65537, 1024)).certificate,
    "a key on P-384": Owner(ec.generate_private_key(ec.SECP384R1())).public,
    "a JWK on P-384": Owner(ec.generate_private_key(ec.SECP384R1())).jwk,
    "a JWK of an unknown curve": {**EC_OWNER.jwk, "crv": "P-1"},
    "a JWK off its curve": {**EC_OWNER.jwk, "x": EC_OWNER.jwk["y"]},
    "no JWK": {"kty": "EC"},
    "a secret": {"kty": "oct", "k": b64(b"x" * 32)},
    "a private key": EC_OWNER.private,
    "no PEM": "key",
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_R17_a_key_that_can_not_be_used_is_our_own_fault(kind: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked(by_hand(), key=UNUSABLE[kind])


@given(st.data())
def test_R17_no_change_of_a_signed_message_gets_another_payload_through(data: st.DataObject) -> None:
    jws = by_hand()
    member = data.draw(st.sampled_from(sorted(jws)))
    at = data.draw(st.integers(0, len(jws[member])))
    cut = data.draw(st.integers(0, 3))
    text = data.draw(st.text("AZaz09-_=+/.\n{}", max_size=3))
    jws[member] = jws[member][:at] + text + jws[member][at + cut :]
    with suppress(InvalidSignature):
        assert checked(jws) == PAYLOAD


PARAMETERS: Final = ("alg", "crit", "jku", "jwk", "kid", "x5c", "x5t#S256", "OCPPAction", "OCPPMessageTypedId", "other")
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(PARAMETERS), JSON, min_size=1, max_size=2))
def test_R17_any_header_is_believed_or_refused(changes: Mapping[str, Any]) -> None:
    with suppress(InvalidSignature):
        assert checked(by_hand({**HEADER, **changes})) == PAYLOAD


# Signers


def test_R17_a_signer_takes_an_encrypted_key_a_jwk_and_further_parameters() -> None:
    encrypted = EC_OWNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    jwk = json.loads(jwcrypto.jwk.JWK.from_pem(EC_OWNER.private).export())
    for signer in (KeySigner(encrypted, password=b"secret"), KeySigner(jwk), KeySigner(EC_OWNER.private.decode())):
        assert dict(signer.header) == {"alg": "ES256"}
        assert checked(sign(PAYLOAD, signer, action="Heartbeat", message_type=2)) == PAYLOAD
    assert dict(KeySigner(RSA_OWNER.private, header={"kid": "7"}).header) == {"kid": "7", "alg": "RS256"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"key": EC_OWNER.public}, "."),
        ({"key": EC_OWNER.jwk}, "expected a private key"),
        ({"key": EC_OWNER.private, "algorithm": "RS256"}, "expected one of ES256"),
        ({"key": RSA_OWNER.private, "algorithm": "ES256"}, "expected one of RS256, RS384"),
        ({"key": RSA_OWNER.private, "algorithm": "none"}, "expected one of RS256, RS384"),
        ({"key": EC_OWNER.private, "certificate": STRANGER.certificate}, "expected that of the key"),
    ],
)
def test_R17_a_signer_is_refused(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        KeySigner(**options)


def test_R17_a_chip_may_sign_but_not_in_der() -> None:
    assert checked(sign(PAYLOAD, Chip(raw_signature, kid="1"), action="Heartbeat", message_type=2)) == PAYLOAD
    with pytest.raises(ValueError, match="the 64 bytes of R and S"):
        sign(PAYLOAD, Chip(der_encoded), action="Heartbeat", message_type=2)


def test_R17_signing_is_refused_without_a_signer_and_with_one_of_another_algorithm() -> None:
    with pytest.raises(ValueError, match="expected a signer too"):
        Signing(keys=lambda *_: None, signs=lambda *_: True)
    with pytest.raises(ValueError, match="expected alg to be one of"):
        Signing(keys=lambda *_: None, signer=Chip(raw_signature, alg="HS256"))


# The extra


def test_joserfc_is_imported_only_when_signing_is_set_up(run_python: RunPython) -> None:
    program = "import sys, ocpp_fast.signing, ocpp_fast.aio; print(*{'joserfc', 'cryptography'} & {*sys.modules})"
    assert run_python("-c", program).stdout == "\n"


def test_without_the_extra_it_is_named(run_python: RunPython) -> None:
    program = (
        "import sys; sys.modules['joserfc'] = None\n"
        "from ocpp_fast.signing import Signing\n"
        "Signing(keys=lambda station, header: None)"
    )
    assert "pip install 'ocpp_fast[signing]'" in run_python("-c", program).stderr.splitlines()[-1]


def test_the_example_of_the_page_about_signing_runs(run_python: RunPython) -> None:
    example = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    ended = run_python("-c", example[1])
    said = "CP001 signed its Heartbeat with ES256\na OnIdle reset, signed: True\nAccepted\n"
    assert (ended.stdout, ended.stderr) == (said, "")
