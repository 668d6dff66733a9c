"""Traps and informs as pysnmp reads them (RFC 3416, 4.2.6 and 4.2.7), and the only place that hears them by it.

Each credential has an engine of its own: what opens one opens no other, and of two users of one name each has their
secrets. An engine is thrown away after so many messages, as pysnmp remembers every engine's name that it ever read.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver
from pysnmp.proto.rfc1902 import OctetString

from inventory.snmp_users import Cipher, Hash, SnmpUser
from monitoring.snmp.agents import Community, Credential, signing_key
from monitoring.snmp.answers import Oid, Value
from monitoring.snmp.signed import NotSnmp, header, signature

ENGINES: Final = 64
"""Credentials whose engine is kept at a time; each takes about a megabyte."""
MESSAGES_OF_ENGINE: Final = 500
_HASHES: Final = {
    Hash.SHA1: config.USM_AUTH_HMAC96_SHA,
    Hash.SHA256: config.USM_AUTH_HMAC192_SHA256,
    Hash.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
_CIPHERS: Final = {Cipher.AES128: config.USM_PRIV_CFB128_AES, Cipher.AES256: config.USM_PRIV_CFB256_AES}
_V2C, _USM, _AUTH_PRIV = 2, 3, 3
"""Security models and level (RFC 3411, 5)."""

Said = Sequence[tuple[Oid, Value]]
Answer = Callable[[bytes], None]
"""Sends octets back to whom the message came from: an inform is acknowledged, an engine's name told."""

logging.getLogger("pysnmp").addHandler(logging.NullHandler())


@dataclass(slots=True)
class _Opened:
    receiver: _Receiver
    messages: int = 0


class Messages:
    """Reads messages, each with the credential of the device that it seems to come from. In one thread."""

    def __init__(self) -> None:
        self._opened: OrderedDict[Credential, _Opened] = OrderedDict()

    def read(self, credential: Credential, message: bytes, answer: Answer) -> Said | None:
        """The objects of a trap or inform that is of this credential, and wholly so; nothing of any other message."""
        opened = self._opened.get(credential)
        if opened is None or opened.messages >= MESSAGES_OF_ENGINE:
            opened = self._opened[credential] = _Opened(_Receiver(credential))
        self._opened.move_to_end(credential)
        while len(self._opened) > ENGINES:
            self._opened.popitem(last=False)
        opened.messages += 1
        return opened.receiver.read(message, answer)


class _Receiver(NotificationReceiver):  # type: ignore[misc]  # the library has no types
    """One credential's engine. SNMPv3 counts signed and encrypted alone, as that is how the device is asked."""

    def __init__(self, credential: Credential) -> None:
        self._said: Said | None = None
        self._answer: Answer = _nobody
        self._engine = SnmpEngine()
        self._engine.transport_dispatcher = self
        if isinstance(credential, Community):
            self._wanted = (_V2C,), range(1, _AUTH_PRIV + 1)
            config.add_v1_system(self._engine, "essaim", credential.text)
        else:
            self._wanted = (_USM,), range(_AUTH_PRIV, _AUTH_PRIV + 1)
            self._meet(credential, None)
        self._credential, self._met = credential, set[bytes]()
        super().__init__(self._engine, self._heard)

    def read(self, message: bytes, answer: Answer) -> Said | None:
        """Let the library read a message, whatever that makes of it."""
        self._said, self._answer = None, answer
        if not self._may_be_ours(message):
            return None
        try:
            self._engine.message_dispatcher.receive_message(self._engine, udp.DOMAIN_NAME, ("127.0.0.1", 0), message)
        except Exception:  # octets of anybody: what the library stumbles over is no trap
            return None
        return self._said

    def _may_be_ours(self, message: bytes) -> bool:
        """Whether it is worth reading: of SNMPv3, what is signed by the user, or the greeting before an inform.

        A trap is signed by its sender's engine, which the library knows once it is told of it: of a signature of the
        user's alone, or anybody could make it remember engines without end.
        """
        user = self._credential
        if isinstance(user, Community):
            return True
        try:
            told = header(message)
        except NotSnmp:
            return False
        if not told.signed:
            return not told.engine
        if not signature(user.name, signing_key(user, told.engine), user.hash).signs(message):
            return False
        if told.engine not in self._met:
            self._met.add(told.engine)
            self._meet(user, told.engine)
        return True

    def _meet(self, user: SnmpUser, engine: bytes | None) -> None:
        secrets = (
            *(_HASHES[user.hash], user.authentication),
            *(_CIPHERS[user.cipher], user.privacy),
        )
        known = None if engine is None else OctetString(engine)
        config.add_v3_user(self._engine, user.name, *secrets, securityEngineId=known)

    def process_pdu(self, engine: Any, processing: Any, model: Any, name: Any, level: Any, *rest: Any) -> None:
        """Called by the library with a message that opens; what is not as well protected as agreed is not looked at."""
        models, levels = self._wanted
        if int(model) in models and int(level) in levels:
            super().process_pdu(engine, processing, model, name, level, *rest)

    def send_message(self, message: bytes, domain: Any, address: Any) -> None:
        """Called by the library with what it answers."""
        del domain, address
        self._answer(bytes(message))

    def get_timer_ticks(self) -> int:
        """Called by the library: nothing of ours runs by its clock."""
        return 0

    def get_timer_resolution(self) -> float:
        """Called by the library: seconds of a tick."""
        return 1.0

    def _heard(self, engine: Any, reference: Any, context: Any, name: Any, binds: Any, mine: Any) -> None:
        del engine, reference, context, name, mine
        self._said = [(str(one), _plain(value)) for one, value in binds]


def _plain(value: Any) -> Value:
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    return str(value) if hasattr(value, "asTuple") else int(value)


def _nobody(message: bytes) -> None:
    del message
