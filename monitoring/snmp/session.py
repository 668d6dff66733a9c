"""One device's socket on the fast path, SNMPv2c or v3, and the only place that knows what gufo-snmp hands over.

The socket is connected, hence the kernel drops what comes from another address; the library drops what answers
another request. It decodes at most 4,080 octets: longer replies are dropped here, unseen. It checks no signature
(SNMPv3): this is done here, on each message, before the library is given that one message (`gate.py`).
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import time
from ipaddress import ip_address
from typing import Final

from gufo.snmp._fast import GetIter, SnmpAuthError, SnmpError, SnmpV2cClientSocket, SnmpV3ClientSocket
from gufo.snmp.user import User

from foundation.speech import Phrase
from inventory.snmp_users import SnmpUser
from monitoring.snmp.agents import Agent, Community, signed_as, signing_key
from monitoring.snmp.conversation import Bulk, Get, Greet, Question, Reply, Shunned, TooBig
from monitoring.snmp.gate import through
from monitoring.snmp.refusals import FORGED, GARBLED
from monitoring.snmp.signed import NotSnmp, Signature, header, signature

LONGEST_REPLY: Final = 4000
_KEPT_SECONDS: Final = 120.0
"""An agent's clock that was heard longer ago may be outside the window of 150 s (RFC 3414, 2.2.3)."""

_STRANGER: Final = User.default()
_NONE: Final = struct.pack("i", 0)


class Garbled(Exception):
    """What came is no reply of SNMP, or none of whom we speak to."""

    reason: Phrase = GARBLED


class Forged(Garbled):
    """What came is not signed by whom we speak to."""

    reason = FORGED


class Session:
    """A device's socket, made in the calling thread's network namespace. Raises ValueError, OSError."""

    def __init__(self, agent: Agent) -> None:
        address = ip_address(agent.address)
        self._where = f"[{address}]:{agent.port}" if address.version == 6 else f"{address}:{agent.port}"
        self._agent = agent
        self._socket: SnmpV2cClientSocket | SnmpV3ClientSocket
        self._bulk: tuple[Bulk, GetIter] | None = None
        self._heard = 0.0
        self._met = False
        self._signature: Signature | None = None
        self._open()

    def _open(self) -> None:
        credential = self._agent.credential
        if isinstance(credential, Community):
            self._socket = SnmpV2cClientSocket(self._where, credential.text, 0, 0, 0, 0)
        else:
            nobody = _STRANGER
            self._socket = SnmpV3ClientSocket(
                self._where, b"", nobody.name, nobody.get_auth_alg(), b"", nobody.get_priv_alg(), b"", 0, 0, 0, 0
            )
        self._met = False
        self._signature = None

    @property
    def descriptor(self) -> int:
        """The socket's number."""
        return self._socket.get_fd()

    @property
    def lasting(self) -> bool:
        """Whether it is worth keeping: over SNMPv3 it knows the agent."""
        return not isinstance(self._agent.credential, Community)

    def must_greet(self) -> bool:
        """Whether the agent's name and clock must be asked for first."""
        return self.lasting and (not self._met or time.monotonic() - self._heard > _KEPT_SECONDS)

    def send(self, question: Question) -> None:
        """Send a question; a greeting begins anew, with another descriptor. Raises OSError."""
        if isinstance(question, Greet):
            if self._met:
                self._open()
            self._v3.send_refresh()
        elif isinstance(question, Get):
            self._socket.send_get_many(list(question.names))
        elif isinstance(question, Bulk):
            self._socket.send_get_bulk(self._iterator(question))
        else:
            self._socket.send_get_next(self._iterator(question.walk))

    def receive(self, question: Question) -> Reply | None:
        """The reply, if it has come: nothing where more is to be waited for.

        Raises Garbled, TooBig, Shunned, OSError (TimeoutError where nobody listens there).
        """
        octets, credential = 0, self._agent.credential
        try:
            if isinstance(credential, SnmpUser):
                message = self._checked(credential)
                reply = through(self.descriptor, message, lambda: self._decoded(question, len(message)))
                if isinstance(question, Greet):  # out of the gate, where what is sent goes to the agent
                    reply = self._greeted(credential)
            else:
                octets = struct.unpack("i", fcntl.ioctl(self.descriptor, termios.FIONREAD, _NONE))[0]
                reply = self._decoded(question, octets)
        except BlockingIOError:
            return None
        except SnmpAuthError as shunned:
            raise Shunned from shunned
        except SnmpError as wrong:
            raise (TooBig if octets > LONGEST_REPLY else Garbled) from wrong
        except (NotImplementedError, RuntimeError, ValueError) as wrong:
            raise Garbled from wrong
        except BaseException as wrong:
            # Some octets make the library panic, and it then raises what is no Exception.
            if type(wrong).__name__ != "PanicException":
                raise
            raise Garbled from wrong
        self._heard = time.monotonic()
        return reply

    def _checked(self, user: SnmpUser) -> bytes:
        """The next message, if it is of whom we speak to. Raises Garbled, Forged, TooBig, OSError.

        Before they know us, and where they refuse us, agents send Reports that nobody signed (RFC 3414, 4 and 3.2):
        these tell who the agent is, once, and never what it measured.
        """
        message = os.read(self.descriptor, LONGEST_REPLY + 1)
        if len(message) > LONGEST_REPLY:
            raise TooBig
        if self._met and self._signature is not None and self._signature.signs(message):
            return message
        try:
            told = header(message)
        except NotSnmp as wrong:
            raise Garbled from wrong
        if told.signed or not told.report:
            raise Forged
        if not self._met:
            self._signature = signature(user.name, signing_key(user, told.engine), user.hash)
        return message

    def _decoded(self, question: Question, octets: int) -> Reply | None:
        if isinstance(question, Greet):
            self._v3.recv_refresh()
            return None
        if isinstance(question, Get):
            found = self._socket.recv_get_many()
            return Reply(tuple((name, value) for name, value in found.items() if value is not None), octets=octets)
        if isinstance(question, Bulk):
            try:
                rows = self._socket.recv_get_bulk(self._iterator(question))
            except StopAsyncIteration:
                return Reply(octets=octets)
            ended = rows[-1] is None
            return Reply(rows[:-1] if ended else rows, ended, octets)  # type: ignore[arg-type]  # only the last is None
        walk = self._iterator(question.walk)
        try:
            name, value = self._socket.recv_get_next(walk)
        except StopAsyncIteration:
            return Reply(octets=octets)
        return Reply(() if value is None else ((name, value),), octets=octets)

    def _greeted(self, credential: SnmpUser) -> Reply | None:
        """The agent's name first, then, signed, its clock: two replies to one greeting."""
        if self._met:
            return Reply()
        user = signed_as(credential)
        self._v3.set_keys(user.name, user.get_auth_alg(), user.get_auth_key(), user.get_priv_alg(), user.get_priv_key())
        self._met = True
        self._v3.send_refresh()
        return None

    @property
    def _v3(self) -> SnmpV3ClientSocket:
        assert isinstance(self._socket, SnmpV3ClientSocket)
        return self._socket

    def _iterator(self, bulk: Bulk) -> GetIter:
        if self._bulk is None or self._bulk[0] is not bulk:
            self._bulk = bulk, GetIter(bulk.root, bulk.repetitions)
        return self._bulk[1]
