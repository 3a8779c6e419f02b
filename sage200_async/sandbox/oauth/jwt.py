"""JSON Web Tokens, signed with RS256 as those of Sage ID are.

The key is written down here, so that no package is needed and a token that was
issued before a restart can still be verified: it protects made-up records only.
It has eight primes in place of two (RFC 8017, 3.2), which makes a signature take
about a millisecond; to verify one, the public key is an ordinary one of 2048 bits.
"""

from __future__ import annotations

import base64
import hashlib
import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRIMES: Final = (
    0xF31B9D2AC10D1577185F42AC968AF61B5E850979AB71033934324DB5A5B41FFB,
    0xFEDB337BEC0E9C77DA6F72E15E7DDDA924FE958BE1E56342E6711055960CF793,
    0xF86DD08D89A1A8F02335E9E0A92E4E22467813D0F7E5B151DB74627618C8D76D,
    0xF4E9300AB1EC4E4E272893860D15648FABF3043DF62D7D2285DE79163B0568BF,
    0xF178B1DE71ACE4140BF20A5330321DE1CB9503E1A7C11D4585781B2469220BFB,
    0xFDF94550DF49EB6B689A7CCD5247187228A7555F0A965B75C726912ABEC96F09,
    0xF6CF5D6B98C186F19D539862E61CEAD59B34209B2ABA222760093C245B861AED,
    0xF133D2ACB7DADDA914E4507B6C4369BF7164D441F927CE297958F52809A4795B,
)
_EXPONENT: Final = 65_537
_MODULUS: Final = math.prod(_PRIMES)
_SIZE: Final = _MODULUS.bit_length() // 8
_PARTS: Final = tuple(
    (
        prime,
        pow(_EXPONENT, -1, prime - 1),
        _MODULUS // prime * pow(_MODULUS // prime, -1, prime),
    )
    for prime in _PRIMES
)
# Each prime, the private exponent for it, and its factor when the parts are put
# together again (the Chinese remainder theorem).
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
# DigestInfo of SHA-256 (RFC 8017, 9.2, note 1).
_KEY_ID: Final = "sandbox"


def encode(claims: Mapping[str, Any]) -> str:
    """Return a signed token with these claims.

    Source: RFC 7515, 3.1; RFC 8017, 8.2.1.
    """
    header = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
    signed = f"{_base64(_json(header))}.{_base64(_json(claims))}"
    return f"{signed}.{_base64(_signature(signed.encode()))}"


def key_set() -> dict[str, Any]:
    """Return the public key, as ``/.well-known/jwks.json`` has it (RFC 7517)."""
    key = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": _KEY_ID,
        "n": _base64(_MODULUS.to_bytes(_SIZE)),
        "e": _base64(_EXPONENT.to_bytes(3)),
    }
    return {"keys": [key]}


def _signature(data: bytes) -> bytes:
    """Return the RSASSA-PKCS1-v1_5 signature of *data*."""
    info = _SHA256_INFO + hashlib.sha256(data).digest()
    padded = b"\0\1" + b"\xff" * (_SIZE - len(info) - 3) + b"\0" + info
    number = int.from_bytes(padded)
    parts = (pow(number, power, prime) * factor for prime, power, factor in _PARTS)
    return (sum(parts) % _MODULUS).to_bytes(_SIZE)


def _json(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(value)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
