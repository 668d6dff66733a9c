"""Switching an outlet of a power strip on, off, or off and on again (SET, RFC 3416), through pysnmp.

Each make has its own numbers. APC's commands are the same in its former strips and its recent ones, though what they
answer about an outlet is not: on is 1, off 2, a reboot 3. Raritan has off 0, on 1, a cycle 2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC384_SHA512,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB256_AES,
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    set_cmd,
)
from pysnmp.proto.errind import RequestTimedOut
from pysnmp.proto.rfc1902 import Integer32

from foundation import reach
from foundation.errors import Unavailable
from foundation.speech import Phrase
from inventory.snmp_users import Cipher, Hash
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.answers import Oid
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import MODULES
from monitoring.snmp.modules.pdu_apc2 import APC
from monitoring.snmp.modules.pdu_raritan import RARITAN
from monitoring.snmp.refusals import NoAnswer, Refusal

REPLY_SECONDS: Final = 5.0
_HASHES: Final = {
    Hash.SHA1: USM_AUTH_HMAC96_SHA,
    Hash.SHA256: USM_AUTH_HMAC192_SHA256,
    Hash.SHA512: USM_AUTH_HMAC384_SHA512,
}
_CIPHERS: Final = {Cipher.AES128: USM_PRIV_CFB128_AES, Cipher.AES256: USM_PRIV_CFB256_AES}


class Switch(StrEnum):
    """What an outlet is told."""

    ON = "on"
    OFF = "off"
    REBOOT = "reboot"


class NotSwitched(Unavailable):
    """A power strip does not do what it is told."""

    kind = "outlet-not-switched"
    phrase = Phrase(
        "{device} n'a pas obéi pour la prise {outlet} ({reason}). La communauté ou le compte peut-il écrire ?",
        "{device} did not obey about outlet {outlet} ({reason}). May the community or the user write?",
    )


@dataclass(frozen=True, slots=True)
class Strip:
    """How a make's outlets are switched: the column of commands, what each is there, how an outlet's row begins."""

    column: Oid
    commands: Mapping[Switch, int]
    before: str = ""

    def object_of(self, outlet: int) -> Oid:
        """The object that commands this outlet."""
        return f"{self.column}.{self.before}{outlet}"


_APC_COMMANDS: Final = {Switch.ON: 1, Switch.OFF: 2, Switch.REBOOT: 3}
STRIPS: Final[Mapping[str, Strip]] = {
    "pdu-apc": Strip(f"{APC}.1.1.12.3.3.1.1.4", _APC_COMMANDS),
    "pdu-apc-2": Strip(f"{APC}.1.1.26.9.2.4.1.5", _APC_COMMANDS),
    "pdu-raritan": Strip(f"{RARITAN}.6.4.1.2.1.2", {Switch.OFF: 0, Switch.ON: 1, Switch.REBOOT: 2}, before="1."),
}
"""By the name of the module that reads the strip."""


class SwitchesNothing(Unavailable):
    """A machine answers over SNMP, and is no power strip whose outlets we know how to switch."""

    kind = "outlet-not-switchable"
    phrase = Phrase(
        "{device} répond, mais n'est pas une multiprise dont nous sachions commander les prises. Rien n'a été fait.",
        "{device} answers, but is no power strip whose outlets we know how to switch. Nothing was done.",
    )


def find_strip(means: reach.Means, agent: Agent, at: datetime) -> str:
    """Which module reads this power strip, hence how its outlets are switched: it is asked.

    Raises NoAnswer, Denied, BadAnswer, SwitchesNothing, LabDown.
    """
    heard: list[Said | Refusal] = []
    strips = [one for one in MODULES if one.name in STRIPS]
    with reach.network(means):
        Poller(strips).ask([agent], at, lambda _, said: heard.append(said))
    [said] = heard
    if not isinstance(said, Said):
        raise said
    fitting = [one.name for one in said.fitting if one.name in STRIPS]
    if not fitting:
        raise SwitchesNothing(device=agent.device)
    return fitting[0]


def set_outlet(means: reach.Means, agent: Agent, module: str, outlet: int, switch: Switch) -> None:
    """Tell one outlet, by its number, what to be. Sent once: nobody reboots twice because a reply was lost.

    Raises NoAnswer, NotSwitched, LabDown, KeyError for a module that switches nothing.
    """
    strip = STRIPS[module]
    with reach.network(means):
        asyncio.run(_set(agent, strip.object_of(outlet), strip.commands[switch], outlet))


async def _set(agent: Agent, name: Oid, value: int, outlet: int) -> None:
    engine = SnmpEngine()
    try:
        kind = UdpTransportTarget if ip_address(agent.address).version == 4 else Udp6TransportTarget
        target = await kind.create((agent.address, agent.port), timeout=REPLY_SECONDS, retries=0)
        bind = ObjectType(ObjectIdentity(name), Integer32(value))
        error, status, _, _ = await set_cmd(engine, _who(agent), target, ContextData(), bind, lookupMib=False)
    except (OSError, PySnmpError, ValueError) as failed:
        raise NoAnswer(device=agent.device, address=agent.address) from failed
    finally:
        engine.close_dispatcher()
        await asyncio.sleep(0)  # its socket closes at the next turn
    if isinstance(error, RequestTimedOut):
        raise NoAnswer(device=agent.device, address=agent.address)
    if error or status:
        reason = str(error) if error else status.prettyPrint()
        raise NotSwitched(device=agent.device, outlet=outlet, reason=reason[:100])


def _who(agent: Agent) -> Any:
    user = agent.credential
    if isinstance(user, Community):
        return CommunityData(user.text, mpModel=1)  # noqa: S508 - the management LAN carries it
    return UsmUserData(
        user.name,
        user.authentication,
        user.privacy,
        authProtocol=_HASHES[user.hash],
        privProtocol=_CIPHERS[user.cipher],
    )
