"""Where a device is asked, and as whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from gufo.snmp import Aes128Key, Aes256Key, Sha1Key, Sha256Key, Sha512Key, User
from gufo.snmp.user import BaseAuthKey, BasePrivKey, KeyType

from inventory.snmp_users import Cipher, Hash, SnmpUser

_HASHES: Final[dict[Hash, type[BaseAuthKey]]] = {Hash.SHA1: Sha1Key, Hash.SHA256: Sha256Key, Hash.SHA512: Sha512Key}
_CIPHERS: Final[dict[Cipher, type[BasePrivKey]]] = {Cipher.AES128: Aes128Key, Cipher.AES256: Aes256Key}


@dataclass(frozen=True, slots=True)
class Community:
    """Who may read a device over SNMPv2c; `repr` does not show it."""

    text: str = field(repr=False)


Credential: TypeAlias = Community | SnmpUser


@dataclass(frozen=True, slots=True)
class Agent:
    """Where a device is asked, by address (IPv4 or IPv6), and as whom."""

    device: str
    address: str
    credential: Credential
    port: int = 161


def signed_as(user: SnmpUser) -> User:
    """The user as the library wants it, with master keys: they are localised to each engine from there."""
    make, cipher = _HASHES[user.hash], _CIPHERS[user.cipher]
    # Encryption's key is made with the hash that signs (RFC 3414, 8.2).
    authentication, privacy = _master(user.hash, user.authentication), _master(user.hash, user.privacy)
    return User(user.name, auth_key=make(authentication, KeyType.Master), priv_key=cipher(privacy, KeyType.Master))


@lru_cache(maxsize=4096)
def signing_key(user: SnmpUser, engine: bytes) -> bytes:
    """The key by which an agent of that engine signs for this user (RFC 3414, A.2)."""
    master = _master(user.hash, user.authentication)
    return hashlib.new(user.hash.value, master + engine + master).digest()


@lru_cache(maxsize=4096)
def _master(kind: Hash, secret: str) -> bytes:
    """A million octets of the secret, hashed (RFC 3414, A.2). That takes milliseconds: once a secret, not a device."""
    return _HASHES[kind].get_master_key(secret.encode())
