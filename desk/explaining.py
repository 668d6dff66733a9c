"""What a machine offers over SNMP, whether the inventory knows it or not."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address

from desk import polling
from foundation.database import Store, reading
from foundation.settings import Settings
from inventory import devices
from inventory.snmp_users import snmp_user
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.explain import Explained, explain
from provisioning.hosted import SnmpNotAgreed


def is_address(host: str) -> bool:
    """Whether a machine is given by its address, and not by its name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def of_machine(store: Store, settings: Settings, name: str, at: datetime) -> Explained:
    """A machine of the inventory, read as it is polled.

    Raises NoSuchDevice, SnmpNotAgreed, NoSuchSecret, NoAnswer, Denied, BadAnswer, LabDown.
    """
    with reading(store) as session:
        device = devices.find_device(session, name)
        if device.owner_id is not None and not device.snmp_agreed:
            raise SnmpNotAgreed(device=device.name)
        known = {agent.device: agent for agent in polling.snmp_agents(session)}
        agent = known.get(device.name)
        if agent is None:
            # Without a secret this says which is missing; without an address nobody can answer.
            devices.secret_of(session, device, "snmp")
            agent = Agent(device.name, "", Community(""))
    return explain(settings.means(), agent, at)


def of_address(settings: Settings, address: str, secret: str, at: datetime) -> Explained:
    """A machine that the inventory does not know: a community, or a user as `device secret … snmp3` takes it.

    Raises BadSnmpUser, NoAnswer, Denied, BadAnswer, LabDown.
    """
    credential = snmp_user(secret) if ":" in secret else Community(secret.strip())
    return explain(settings.means(), Agent(address, address, credential), at)
