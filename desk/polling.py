"""A round of the machines: what the inventory says to poll, what they answered, and how a line is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from desk import status
from foundation.database import Store, reading
from foundation.settings import Settings
from inventory import credentials, device_secrets, devices, lines, numbers, quality
from monitoring import poll as rounds
from monitoring import smart_plugs
from monitoring.connections import last_connection
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.poll import L2tpnsServer, OpenVpnServer, RadiusServer, Report, Server, VpnServer
from monitoring.quality import rates_heard
from monitoring.smart_plugs import SmartPlug
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.engine import Poller
from monitoring.status import Status
from provisioning import targets
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.wireguard import WIREGUARD

BY_HAND: Final[Mapping[str, str]] = {"radius": "freeradius", "lns": "l2tpns"}
"""The platforms of machines that Essaim does not configure, and whose own accounts it reads."""


def poll(
    store: Store, settings: Settings, at: datetime, *, poller: Poller | None = None, interval: float = 0.0
) -> Report:
    """Poll every machine over SNMP that agreed to it, and ask the VPN and RADIUS servers who is connected.

    `poller` and `interval` are as `monitoring.poll.poll` has them.
    """
    with reading(store) as session:
        agents, plugs = list(snmp_agents(session)), list(http_plugs(session))
        known = credentials.opened_by(session)
        agreed = {one.line for one in quality.measured(session, at)}
        servers: list[Server] = [
            *vpn_servers(session, known),
            *ppp_servers(session, known),
        ]
    samples, means = open_samples(settings), settings.means()
    with closing(open_series(settings)) as series:
        heard = rounds.poll(means, series, agents, at, lambda _: None, poller=poller, interval=interval)
        plugged = smart_plugs.poll_plugs(means, series, plugs, at)
        copper: dict[str, dict[str, int]] = {}
        met = rounds.poll_connections(
            means, samples, servers, at, lambda _: None,
            rates=lambda line, said: copper.setdefault(numbers.shown("L", line), {}).update(said),
        )  # fmt: skip
        series.append(rates_heard({line: said for line, said in copper.items() if line in agreed}, at))
    reports = (heard, plugged, met)
    return Report(
        tuple(one for each in reports for one in each.answered),
        tuple(one for each in reports for one in each.unanswered),
    )


def snmp_agents(session: Session) -> Iterator[Agent]:
    """Every machine that is polled over SNMP, and as whom."""
    told = device_secrets.snmp_secrets(session)
    for device in devices.polled(session):
        secret = told[device.name]
        yield Agent(device.name, str(device.management), Community(secret) if isinstance(secret, str) else secret)


def http_plugs(session: Session) -> Iterator[SmartPlug]:
    """Every smart plug that is asked over HTTP, with its password where it has one."""
    for device in devices.list_devices(session, role="pdu", limit=10_000):
        if device.platform in smart_plugs.MAKES and device.management and (not device.owner_id or device.snmp_agreed):
            try:
                password = devices.secret_of(session, device, "login")
            except devices.NoSuchSecret:
                password = None
            yield SmartPlug(device.name, device.management, device.platform, password)


def vpn_servers(session: Session, known: Mapping[str, Mapping[str, int]]) -> Iterator[VpnServer | OpenVpnServer]:
    """Every VPN server, as what it serves: WireGuard, OpenVPN, or both."""
    serving = {(target.machine.name, target.artifact.name) for _, target in targets.every_target(session)}
    for device in devices.list_devices(session, role="vpn"):
        machine = devices.machine(device)
        certified = (machine.name, OPENVPN.name) in serving
        if certified:
            yield OpenVpnServer(machine, known["openvpn"])
        if not certified or (machine.name, WIREGUARD.name) in serving:
            yield VpnServer(machine, known["wireguard"])


def ppp_servers(session: Session, known: Mapping[str, Mapping[str, int]]) -> list[RadiusServer | L2tpnsServer]:
    """Every server that tells who is connected by PPP: RADIUS servers of ours by their table, others' by their detail
    files; and where there are none of either, the l2tpns that are looked after by hand.
    """
    logins = known["ppp"]
    radius = [
        RadiusServer(devices.machine(one), logins, detail=one.platform == BY_HAND["radius"])
        for one in devices.list_devices(session, role="radius")
        if one.platform in (RADIUS.platform, BY_HAND["radius"])
    ]
    if radius:
        return [*radius]
    lns = devices.list_devices(session, role="lns")
    return [L2tpnsServer(devices.machine(one), logins) for one in lns if one.platform == BY_HAND["lns"]]


def line_status(store: Store, settings: Settings, number: str, at: datetime) -> Status:
    """How a line is, for a volunteer. Raises NoSuchLine."""
    with reading(store) as session:
        return status.line_status(open_samples(settings), lines.find_line(session, number), at)


def octets(settings: Settings, number: str) -> int:
    """How much the line's latest connection carried, both ways together."""
    with reading(open_samples(settings)) as session:
        last = last_connection(session, numbers.parse("L", number))
        return last.received + last.sent if last else 0
