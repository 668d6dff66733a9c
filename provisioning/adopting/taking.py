"""What was proposed, carried out: the import, then the secrets and names that go with it, in one transaction."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from ipaddress import ip_network
from typing import Final

from sqlalchemy.orm import Session

from foundation.acts import Act
from inventory import devices, numbers, reverse
from inventory.exchange import applying
from inventory.exchange.exporting import guarded
from inventory.exchange.plans import Plan
from inventory.exchange.records import AddressRecord, DeviceRecord, PrefixRecord
from inventory.models.addresses import IPNetwork, Role
from inventory.models.lines import CredentialKind, LineState
from provisioning.adopting.found import Way
from provisioning.adopting.matching import Owner
from provisioning.adopting.proposing import Proposal, reference

LINES: Final = (
    "number", "reference", "member", "comment", "offer", "state", "device", "key", "preshared", "login", "password",
    "credentials", "addresses",
)  # fmt: skip


def take(session: Session, act: Act, proposal: Proposal, plan: Plan) -> None:
    """Carry out all of a proposal and of its plan, which must be of this transaction.

    Raises what `applying.apply`, `set_secret` and `set_name` raise.
    """
    applying.apply(session, act, plan)
    for one in proposal.secrets:
        devices.set_secret(session, act, devices.find_device(session, one.device), one.name, one.secret)
    for named in proposal.names:
        held = reverse.holding(session, ip_network(named.address))
        reverse.set_name(session, act, held, named.address, named.name)


def files(proposal: Proposal, today: date) -> dict[str, str]:
    """The proposal as files of ours, for people to correct and `essaim import all` to read, by name.

    Passwords are in them. Whoever could not be matched stands there without a member, which the import refuses until
    somebody writes one, or takes the row away.
    """
    records = proposal.reading.records
    pools = [one for one in records if isinstance(one, PrefixRecord)]
    machines = [one for one in records if isinstance(one, DeviceRecord)]
    own = [one for one in records if isinstance(one, AddressRecord) and one.device is not None]
    return {
        "lines.csv": _csv(LINES, _lines(proposal, today)),
        "pools.csv": _csv(
            ("name", "prefix", "handed", "device"),
            ((one.name, str(one.prefix), str(one.handed), one.device or "") for one in pools),
        ),
        "devices.csv": _csv(
            ("name", "public_key", "interfaces"),
            ((one.name, one.public_key or "", ", ".join(one.interfaces)) for one in machines),
        ),
        "addresses.csv": _csv(
            ("prefix", "role", "device", "interface"),
            ((str(one.prefix), one.role or "", one.device or "", one.interface or "") for one in own),
        ),
    }


def _lines(proposal: Proposal, today: date) -> Iterable[tuple[str, ...]]:
    for way, owner in proposal.owned:
        yield _line(proposal, way, owner, today)
    for one in proposal.strangers:
        yield _line(proposal, one.way, None, today)


def _line(proposal: Proposal, way: Way, owner: Owner | None, today: date) -> tuple[str, ...]:
    new = owner is None or owner.line is None
    known = owner is not None and owner.known
    served = proposal.device if new and way.kind is not CredentialKind.PPP else ""
    return (
        "" if owner is None or owner.line is None else numbers.shown("L", owner.line),
        reference(way),
        "" if owner is None else numbers.shown("M", owner.member),
        ", ".join(way.called),
        proposal.offers.get(way.kind, "") if new else "",
        str(LineState.ACTIVE) if new else "",
        served,
        way.name if way.kind is CredentialKind.WIREGUARD and not known else "",
        way.secret or "" if way.kind is CredentialKind.WIREGUARD and not known else "",
        way.name if way.kind is CredentialKind.PPP and not known else "",
        way.secret or "" if way.kind is CredentialKind.PPP and not known else "",
        f"openvpn {way.name} {today}/" if way.kind is CredentialKind.OPENVPN and not known else "",
        ", ".join(str(prefix) for prefix, role in way.prefixes if _usual(prefix, role)),
    )


def _usual(held: IPNetwork, role: Role) -> bool:
    """Whether a row of lines gives a prefix the role that it has: one address is the line's own there."""
    if held.prefixlen == held.max_prefixlen:
        return role == Role.WAN
    return role == (Role.ROUTED if held.version == 4 else Role.DELEGATED)


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return out.getvalue()
