"""What the inventory and the changes know of a line that is to be diagnosed, and which machines there are to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from desk import polling
from desk.status import CONNECTS
from foundation import clock
from foundation.reach import Machine
from foundation.speech import LANGUAGES, Phrase
from inventory import announced, beside, certificates, collecting, credentials, devices, lines, routing, rules
from inventory.models.addresses import IPNetwork, Role
from inventory.models.authority import Revoked
from inventory.models.devices import Device
from inventory.models.lines import Credential, CredentialKind, Delivery, Line, LineState, Technology
from inventory.models.works import WorksState
from monitoring.diagnosis.roads import Router
from monitoring.diagnosis.seen import RECENT, Certificate, Complaint, Notice, Part, Seen, Touched
from monitoring.poll import RadiusServer, Server
from provisioning import changes, facts
from provisioning.handouts import own_address
from provisioning.models import ChangeState

_PPP: Final = frozenset({Delivery.L2TP, Delivery.PPPOE})
_SHELLS: Final = ("debian", "frr")
_ANY: Final = 65_535
_LATEST: Final = 20


@dataclass(frozen=True, slots=True)
class Known:
    """A line before any machine was asked: `seen` so far; `home` serves it, `doors` are what serves it and how.

    `servers` tell who is connected; `key` is its WireGuard key; `four`, `six` and `routed` are where it would answer;
    `callers` where it calls from; `elsewhere` the logins of other lines; `mute` machines that cannot be asked.
    """

    seen: Seen
    number: int
    home: Machine | None
    doors: tuple[tuple[Machine, tuple[Part, ...]], ...]
    servers: tuple[Server, ...]
    routers: tuple[Router, ...]
    aggregates: tuple[IPNetwork, ...]
    held: tuple[IPNetwork, ...]
    four: str | None
    six: str | None
    routed: str | None
    resolvers: tuple[str, ...]
    around: beside.Beside
    key: str | None = field(repr=False)
    callers: frozenset[str] = field(repr=False)
    elsewhere: frozenset[str] = field(repr=False)
    mute: tuple[str, ...] = ()

    @property
    def radius(self) -> tuple[Machine, ...]:
        """The RADIUS servers to ask."""
        return tuple(one.machine for one in self.servers if isinstance(one, RadiusServer) and not one.detail)


def known(session: Session, line: Line, at: datetime, complaint: Complaint | None) -> Known:
    """All of it, in one reading."""
    part = lines.holder(line, clock.today(at))
    opening = credentials.living(session, [part.id]) + credentials.former(session, [part.id], at)
    ppp = {one.name for one in opening if one.kind == CredentialKind.PPP}
    opened = credentials.opened_by(session)
    held = [one for one in part.assignments if one.until is None]
    wan = next((one.prefix for one in held if one.role == Role.WAN and one.family == 4), None)
    own = next((one.prefix for one in held if one.role == Role.DELEGATED and one.family == 6), None)
    tunnel = line.offer.delivery == Delivery.TUNNEL
    around = beside.beside(session, line)
    doors, mute = _doors(session, line)
    routers, deaf = _routers(session)
    serving = line.device if line.device is not None and line.device.platform.startswith(_SHELLS) else None
    seen = Seen(
        at=at,
        line=str(line),
        technology=Technology(line.offer.technology),
        delivery=Delivery(line.offer.delivery),
        state=LineState(line.state),
        state_since=line.events[-1].at,
        mtu=_mtu(session, line),
        tells=line.offer.delivery in CONNECTS,
        machine=None if line.device is None else line.device.name,
        wholesaler=around.wholesaler,
        leaving=beside.leaving(session, line),
        works=_works(session, line, at),
        changes=_touched(session, line, [machine.name for machine, _ in doors], at),
        logins=tuple(sorted(ppp)),
        certificate=_certificate(session, opening, at),
        complaint=complaint,
    )
    return Known(
        seen=seen,
        number=line.number,
        home=None if serving is None else devices.machine(serving),
        doors=doors,
        servers=_servers(session, line, opened),
        routers=routers,
        aggregates=tuple(routing.list_aggregates(session)),
        held=tuple(one.prefix for one in held),
        four=None if wan is None or wan.num_addresses > 1 else str(wan.network_address),
        six=own_address(own).partition("/")[0] if own is not None and tunnel else None,
        routed=str(own) if own is not None and line.offer.delivery in _PPP else None,
        resolvers=tuple(rules.value(session, "dns.resolvers").replace(",", " ").split()) if complaint else (),
        around=around,
        key=next((one.name for one in opening if one.kind == CredentialKind.WIREGUARD), None),
        callers=frozenset(one.nd for one in line.coppers if one.nd and one.until is None),
        elsewhere=frozenset(name for name, number in opened["ppp"].items() if number != line.number),
        mute=(*mute, *deaf),
    )


def _doors(session: Session, line: Line) -> tuple[tuple[tuple[Machine, tuple[Part, ...]], ...], tuple[str, ...]]:
    """The machines that serve a line, each with its part; and those that nobody here can ask."""
    found: list[tuple[Device, Part]] = []
    if line.offer.delivery in _PPP:
        found += [] if line.device is None else [(line.device, Part.LNS)]
        found += [(one, Part.RADIUS) for one in devices.list_devices(session, role="radius")]
    elif line.device is not None and line.offer.technology == Technology.WIREGUARD:
        found.append((line.device, Part.WIREGUARD))
    elif line.device is not None and line.offer.technology == Technology.OPENVPN:
        found.append((line.device, Part.OPENVPN))
    able = [(one, part) for one, part in found if one.platform.startswith(_SHELLS)]
    mute = tuple(one.name for one, _ in found if not one.platform.startswith(_SHELLS))
    return tuple((devices.machine(one), (part,)) for one, part in able), mute


def _servers(session: Session, line: Line, opened: dict[str, dict[str, int]]) -> tuple[Server, ...]:
    """The servers that tell whether the line is connected."""
    if line.offer.delivery in _PPP:
        return tuple(polling.ppp_servers(session, opened))
    if line.offer.delivery != Delivery.TUNNEL or line.device is None:
        return ()
    return tuple(one for one in polling.vpn_servers(session, opened) if one.machine.name == line.device.name)


def _routers(session: Session) -> tuple[tuple[Router, ...], tuple[str, ...]]:
    """Routers of ours that meet somebody else's, with whom; and those that cannot be asked here."""
    able, deaf = [], []
    for one in devices.list_devices(session, role="router"):
        met = {peer.address: peer.description for peer in routing.list_peers(session, one) if peer.remote_as != one.asn}
        if met and one.platform == "frr":
            able.append(Router(devices.machine(one), met))
        elif met:
            deaf.append(one.name)
    return tuple(able), tuple(deaf)


def _mtu(session: Session, line: Line) -> int:
    said = line.mtu or line.offer.mtu
    if line.offer.delivery in _PPP:
        return min(said, collecting.carried(session).get(line.device_id or 0, _ANY))
    return min(said, facts.TUNNEL_MTU) if line.offer.delivery == Delivery.TUNNEL else said


def _works(session: Session, line: Line, at: datetime) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            one.number,
            Phrase.said(*(one.say(language) for language in LANGUAGES)),
            one.since,
            under_way=one.state == WorksState.UNDER_WAY,
        )
        for one in announced.of_lines(session, [line], at)[line.number]
    )


def _touched(session: Session, line: Line, machines: list[str], at: datetime) -> tuple[Touched, ...]:
    """Changes that were applied within the hour on machines that serve the line."""
    latest = changes.list_changes(session, limit=_LATEST)
    return tuple(
        Touched(str(change), name, change.ended_at, named=str(line) in change.lines.split())
        for change, name in latest
        if name in machines
        and change.state == ChangeState.APPLIED
        and change.ended_at is not None
        and at - RECENT <= change.ended_at <= at
    )


def _certificate(session: Session, opening: list[Credential], at: datetime) -> Certificate | None:
    """The newest that is in force of the names that open the line, else the newest that is over."""
    names = [one.name for one in opening if one.kind == CredentialKind.OPENVPN]
    every = [one for name in names for one in certificates.list_certificates(session, name=name)]
    if not every:
        return None
    best = max(every, key=lambda one: (one.revoked_at is None and one.not_after > at, one.id))
    reason = None if best.reason is None else Revoked(best.reason)
    return Certificate(best.serial, best.not_after, best.revoked_at, reason)
