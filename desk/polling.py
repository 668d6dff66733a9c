"""A round of the machines: what the inventory says to poll, what they answered, and how a line is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime

from sqlalchemy.orm import Session

from desk import status
from foundation.database import Store, reading
from foundation.settings import Settings
from inventory import credentials, device_secrets, devices, lines, numbers
from monitoring import poll as rounds
from monitoring.connections import last_connection
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.poll import OpenVpnServer, RadiusServer, Report, Server, VpnServer
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.engine import Poller
from monitoring.status import Status
from provisioning import targets
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.wireguard import WIREGUARD


def poll(
    store: Store, settings: Settings, at: datetime, *, poller: Poller | None = None, interval: float = 0.0
) -> Report:
    """Poll every machine over SNMP that agreed to it, and ask the VPN and RADIUS servers who is connected.

    `poller` and `interval` are as `monitoring.poll.poll` has them.
    """
    with reading(store) as session:
        agents = list(snmp_agents(session))
        known = credentials.opened_by(session)
        servers: list[Server] = [
            *vpn_servers(session, known),
            *(
                RadiusServer(devices.machine(one), known["ppp"])
                for one in devices.list_devices(session, role="radius")
                if one.platform == RADIUS.platform
            ),
        ]
    samples, means = open_samples(settings), settings.means()
    with closing(open_series(settings)) as series:
        heard = rounds.poll(means, series, agents, at, lambda _: None, poller=poller, interval=interval)
    met = rounds.poll_connections(means, samples, servers, at, lambda _: None)
    return Report(heard.answered + met.answered, heard.unanswered + met.unanswered)


def snmp_agents(session: Session) -> Iterator[Agent]:
    """Every machine that is polled over SNMP, and as whom."""
    told = device_secrets.snmp_secrets(session)
    for device in devices.polled(session):
        secret = told[device.name]
        yield Agent(device.name, str(device.management), Community(secret) if isinstance(secret, str) else secret)


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


def line_status(store: Store, settings: Settings, number: str, at: datetime) -> Status:
    """How a line is, for a volunteer. Raises NoSuchLine."""
    with reading(store) as session:
        return status.line_status(open_samples(settings), lines.find_line(session, number), at)


def octets(settings: Settings, number: str) -> int:
    """How much the line's latest connection carried, both ways together."""
    with reading(open_samples(settings)) as session:
        last = last_connection(session, numbers.parse("L", number))
        return last.received + last.sent if last else 0
