"""A small association: two members, a pool of eight addresses, a tunnel and a copper offer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import count

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, devices, lines, members, offers, places
from inventory.lines import Ordering
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Line, Offer, Technology
from inventory.models.people import Member


@dataclass(frozen=True)
class Small:
    """The rows of a small association."""

    ada: Member
    bea: Member
    vpn: Offer
    adsl: Offer
    v4: Pool
    v6: Pool
    server: Device


@pytest.fixture
def small(session: EssaimSession, act: Act) -> Small:
    """Two members, and what they may order. Addresses wait ten days in quarantine."""
    site = places.add_site(session, act, "cave")
    server = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
    v4 = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/29"), handed=32, quarantine_days=10)
    v6 = addresses.create_pool(session, act, "v6", ip_network("2001:db8::/48"), handed=56, quarantine_days=10)
    vpn = offers.add_offer(
        session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, device=server, pool_v4=v4, pool_v6=v6
    )
    adsl = offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, "l2tp", mtu=1460, pool_v4=v4, pool_v6=v6)
    ada, bea = (members.add_member(session, act, name) for name in ("Ada Exemple", "Béa Exemple"))
    return Small(ada, bea, vpn, adsl, v4, v6, server)


Order = Callable[..., Line]


@pytest.fixture
def order(session: EssaimSession, act: Act, small: Small) -> Order:
    """Order a line, a tunnel with a key of its own unless told otherwise."""
    keys = count(1)

    def ordered(member: Member, offer: Offer | None = None, at: Act | None = None) -> Line:
        key = base64.b64encode(next(keys).to_bytes(32, "big")).decode()
        return lines.order_line(session, at or act, member, offer or small.vpn, Ordering(public_key=key))

    return ordered
