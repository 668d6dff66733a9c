"""OpenVPN's tls-crypt-v2 keys, as its own doc/tls-crypt-v2.txt says: one of the server's, and one for each member.

A member's key is wrapped with the server's, which alone opens it: nothing of it has to be kept. Files that were handed
out before us have one static key, the same for all (`tls-auth` or `tls-crypt`), which a server may know beside its own.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import struct
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SERVER: Final = "OpenVPN tls-crypt-v2 server key"
CLIENT: Final = "OpenVPN tls-crypt-v2 client key"

STATIC: Final = "OpenVPN Static key V1"

_STATIC: Final = re.compile(r"tls-(?:auth|crypt):[0-9a-f]{512}")
_SERVER_OCTETS: Final = 128
_CLIENT_OCTETS: Final = 256
_KEY_OCTETS: Final = 32
_TAG_OCTETS: Final = 32
_USER: Final = b"\x00"
"""The kind of metadata that says nothing in particular."""


def new_server_key() -> str:
    """A server's key, in base64, on one row."""
    return base64.b64encode(os.urandom(_SERVER_OCTETS)).decode()


def is_server_key(text: str) -> bool:
    """Whether a text is such a key, spelled as `new_server_key` does."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return len(octets) == _SERVER_OCTETS and base64.b64encode(octets).decode() == text


def is_static_key(text: str) -> bool:
    """Whether a text is `tls-auth:` or `tls-crypt:` and the 2048 bits of a static key in hexadecimal, on one row."""
    return _STATIC.fullmatch(text) is not None


def static_text(key: str) -> tuple[str, str]:
    """What a static key is for, and the key as OpenVPN reads it."""
    purpose, _, octets = key.partition(":")
    return purpose, f"-----BEGIN {STATIC}-----\n{octets}\n-----END {STATIC}-----\n"


def server_text(key: str) -> str:
    """The server's key as OpenVPN reads it."""
    return f"-----BEGIN {SERVER}-----\n{key}\n-----END {SERVER}-----\n"


def client_text(server_key: str) -> str:
    """A fresh key for one member, with itself wrapped for the server of that key, as OpenVPN reads it."""
    octets = base64.b64decode(server_key)
    encrypt, authenticate = octets[:_KEY_OCTETS], octets[64 : 64 + _KEY_OCTETS]
    own = os.urandom(_CLIENT_OCTETS)
    plain = own + _USER
    length = struct.pack(">H", _TAG_OCTETS + len(plain) + 2)
    tag = hmac.new(authenticate, length + plain, sha256).digest()
    sealed = Cipher(algorithms.AES(encrypt), modes.CTR(tag[:16])).encryptor().update(plain)
    whole = base64.b64encode(own + tag + sealed + length).decode()
    rows = [whole[at : at + 64] for at in range(0, len(whole), 64)]
    return "\n".join([f"-----BEGIN {CLIENT}-----", *rows, f"-----END {CLIENT}-----"]) + "\n"
