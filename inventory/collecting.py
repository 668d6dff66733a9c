"""How a wholesaler's collection works with ours: who asks our RADIUS, where its tunnels end, what the path carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, ip_address
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import texts
from inventory.device_secrets import PLAIN, BadSecret
from inventory.models.addresses import Assignment
from inventory.models.devices import Device, DeviceSecret, Interface
from inventory.models.lines import Delivery, Line, Offer
from inventory.models.mandates import Task
from inventory.models.wholesale import Collection, Order, PppEnd, Wholesaler
from inventory.ordering import PLACED
from inventory.path_mtu import PATHS, USUAL_PATH, over_l2tp
from inventory.rights import asks

MOST_SOURCES: Final = 8
"""Addresses from which one wholesaler's RADIUS asks ours."""
_SERVED: Final = ("delivered", "active", "suspended", "closing")
_MOST: Final = {"debian": 1492}
"""By platform, what no session has more of: l2tpns 2.4.1 asks for 1492 octets at most (RFC 2516, 7), as was seen."""
ASKING: Final = (Collection.REALM_PROXY, Collection.TUNNEL_STEERING)
"""Collections in which the wholesaler's RADIUS asks ours."""


class BadPppEnd(Invalid):
    """A word that is no end of a PPP session, or a wholesaler as the end of what it does not ask about."""

    kind = "bad-ppp-end"
    phrase = Phrase(
        "« {value} » : choisir parmi {choices}, et « wholesaler » seulement pour une collecte realm-proxy. Rien n'a "
        "été changé.",
        "“{value}”: choose among {choices}, and “wholesaler” for a realm-proxy collection alone. Nothing was changed.",
    )


class BadPathMTU(Invalid):
    """A text that is no size of a path's largest packet."""

    kind = "bad-path-mtu"
    phrase = Phrase(
        "« {value} » : un chemin porte des paquets de {least} à {most} octets, en-têtes IP compris. Rien n'a été "
        "changé.",
        "“{value}”: a path carries packets of {least} to {most} octets, IP headers included. Nothing was changed.",
    )


class BadSource(Invalid):
    """A text that is no address of a machine that may ask our RADIUS."""

    kind = "bad-radius-source"
    phrase = Phrase(
        "« {text} » n'est pas une adresse d'où une machine peut interroger notre RADIUS (huit au plus, par exemple "
        "198.51.100.10, 2001:db8::10). Rien n'a été changé.",
        "“{text}” is no address from which a machine can ask our RADIUS (eight at most, for example 198.51.100.10, "
        "2001:db8::10). Nothing was changed.",
    )


class SourceTaken(Refused):
    """Another wholesaler, or a machine of ours, asks from the same address: RADIUS knows who asks by that alone."""

    kind = "radius-source-taken"
    phrase = Phrase(
        "{address} est déjà à {owner} : notre RADIUS reconnaît qui l'interroge à son adresse. Rien n'a été changé.",
        "{address} already is {owner}'s: our RADIUS knows who asks it by their address. Nothing was changed.",
    )


@asks(Task.LINES_WRITE)
def share_secret(session: Session, act: Act, wholesaler: Wholesaler, secret: str) -> None:
    """Seal what a wholesaler's RADIUS proves itself to ours with: as agreed with it, shown to nobody.

    Another one takes the place of the former at the next change of our RADIUS servers. Raises BadSecret.
    """
    given = secret.strip()
    if not PLAIN.fullmatch(given):
        raise BadSecret
    sealed = vault_of(session).seal(given)
    wholesaler.radius_secret = sealed
    journal.record(session, act, "wholesaler.secret", wholesaler.name, secret=sealed)
    session.flush()


def apart(session: Session, wholesaler: Wholesaler) -> None:
    """Raises SourceTaken where someone else asks our RADIUS from one of these addresses."""
    wanted = set((wholesaler.radius_from or "").split())
    for other in session.scalars(select(Wholesaler).where(Wholesaler.radius_from.is_not(None))):
        if other is not wholesaler and (taken := sorted(wanted & set((other.radius_from or "").split()))):
            raise SourceTaken(address=taken[0], owner=other.name)
    for each in wanted:
        owner = session.scalar(
            select(Device.name)
            .join(Interface, Interface.device_id == Device.id)
            .join(Assignment, Assignment.interface_id == Interface.id)
            .where(Assignment.first == int(ip_address(each)), Assignment.family == ip_address(each).version)
            .where(Assignment.until.is_(None))
        )
        if owner is not None:
            raise SourceTaken(address=each, owner=owner)


def sources(text: str) -> tuple[str, ...]:
    """Addresses of either family, with commas or blanks between them; as they are usually written, in order.

    Raises BadSource where one is no single machine's.
    """
    found = set()
    for word in text.replace(",", " ").split():
        try:
            address = ip_address(word)
        except ValueError as wrong:
            raise BadSource(text=texts.shown(word)) from wrong
        plain = isinstance(address, IPv4Address) or (address.ipv4_mapped is None and address.scope_id is None)
        if not plain or address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
            raise BadSource(text=texts.shown(word))
        found.add(address)
    ordered = tuple(str(one) for one in sorted(found, key=lambda one: (one.version, int(one))))
    if len(ordered) > MOST_SOURCES:
        raise BadSource(text=texts.shown(text))
    return ordered


def ppp_end(text: str) -> PppEnd:
    """Who ends PPP: us where it is empty. Raises BadPppEnd."""
    try:
        return PppEnd(text.strip() or PppEnd.US)
    except ValueError as unknown:
        raise BadPppEnd(value=texts.shown(text), choices=[one.value for one in PppEnd]) from unknown


def path_mtu(text: str) -> int:
    """Octets of a path's largest packet: the usual one where it is empty. Raises BadPathMTU."""
    plain = text.strip() or str(USUAL_PATH)
    if not (plain.isascii() and plain.isdigit() and len(plain) < 6) or int(plain) not in PATHS:
        raise BadPathMTU(value=texts.shown(text), least=PATHS[0], most=PATHS[-1])
    return int(plain)


CHECKED: Final[Mapping[str, Callable[[str], object]]] = {
    "radius_from": lambda text: " ".join(sources(text)) or None,
    "ppp_end": ppp_end,
    "path_mtu": path_mtu,
}
"""By term of a wholesaler's, what the column holds of a text."""


def by_radius(session: Session) -> Sequence[Wholesaler]:
    """Wholesalers whose RADIUS may ask ours, by name: all that this takes is said of them."""
    said = (Wholesaler.realm, Wholesaler.radius_from, Wholesaler.radius_secret)
    query = select(Wholesaler).where(Wholesaler.collection.in_(ASKING), *(each.is_not(None) for each in said))
    return session.scalars(query.order_by(Wholesaler.name)).all()


def ends(session: Session, wholesaler: Wholesaler) -> list[Device]:
    """The LNS of ours at which its tunnels end, in the order in which it tries them.

    `tunnel_endpoint` names them, or their service addresses, with commas or blanks between; a word that is none is
    left out.
    """
    living = session.scalars(select(Device).where(Device.role == "lns", Device.until.is_(None)))
    known: dict[str, Device] = {}
    for device in living.all():
        known[device.name] = device
        known.setdefault((device.endpoint or "").rpartition(":")[0].strip("[]"), device)
    words = (wholesaler.tunnel_endpoint or "").replace(",", " ").split()
    return list(dict.fromkeys(known[word] for word in words if word in known))


def sellers(session: Session) -> Mapping[int, frozenset[int]]:
    """By line, the wholesalers that it is bought from: those of its living orders, or else of its offer.

    While it goes over from one to another it is bought from both.
    """
    found: dict[int, set[int]] = {}
    placed = select(Order.line_id, Order.wholesaler_id).where(Order.state.in_(PLACED))
    for line, wholesaler in session.execute(placed):
        found.setdefault(line, set()).add(wholesaler)
    offered = select(Line.id, Offer.wholesaler_id).join(Offer, Offer.id == Line.offer_id)
    for line, seller in session.execute(offered):
        if seller is not None:
            found.setdefault(line, {seller})
    return {line: frozenset(each) for line, each in found.items()}


def carried(session: Session) -> Mapping[int, int]:
    """By LNS, the largest packet of its PPP sessions, in octets: one size for all of them.

    It is what the narrowest path carries of those by which wholesalers bring members there, as offers say.
    """
    paths: dict[int, int] = {}
    offered = select(Offer.device_id, Wholesaler.path_mtu).where(Offer.retired.is_(None))
    served = select(Line.device_id, Wholesaler.path_mtu).select_from(Line).join(Offer, Offer.id == Line.offer_id)
    served = served.where(Line.state.in_(_SERVED)).distinct()
    for query in (offered, served):
        by_l2tp = query.outerjoin(Wholesaler, Wholesaler.id == Offer.wholesaler_id)
        for lns, path in session.execute(by_l2tp.where(Offer.delivery == Delivery.L2TP)):
            paths[lns or 0] = min(paths.get(lns or 0, PATHS[-1]), path or USUAL_PATH)
    living = session.scalars(select(Device).where(Device.role == "lns", Device.until.is_(None)))
    return {lns.id: _of_session(lns, paths.get(lns.id, USUAL_PATH)) for lns in living}


def _of_session(lns: Device, path: int) -> int:
    version = 6 if "[" in (lns.endpoint or "") else 4
    return min(over_l2tp(path, version), _MOST.get(lns.platform, path))


def missing(session: Session, wholesaler: Wholesaler) -> tuple[Phrase, ...]:
    """What its collection still lacks to work, in sentences that say what to do; nothing where it asks us nothing."""
    if wholesaler.collection not in ASKING:
        return ()
    lacks = list(_unsaid(wholesaler))
    if session.scalar(select(Device.id).where(Device.role == "radius", Device.until.is_(None)).limit(1)) is None:
        lacks.append(
            Phrase(
                "un serveur RADIUS à nous : essaim device add radius --role radius --site …",
                "a RADIUS server of ours: essaim device add radius --role radius --site …",
            )
        )
    if not _sells(session, wholesaler):
        change = f"--wholesaler {wholesaler.name} --realm {wholesaler.realm or '…'}"
        lacks.append(
            Phrase(
                f"une offre qui s'achète chez lui, avec son realm : essaim offer change OFFRE {change}",
                f"an offer that it sells us, with its realm: essaim offer change OFFER {change}",
            )
        )
    if wholesaler.collection == Collection.TUNNEL_STEERING:
        lacks.extend(_unmet(session, wholesaler))
    return tuple(lacks)


def _unsaid(wholesaler: Wholesaler) -> Iterator[Phrase]:
    change = f"essaim wholesaler change {wholesaler.name}"
    if not wholesaler.realm:
        yield Phrase(f"le realm de nos logins : {change} --realm …", f"our logins' realm: {change} --realm …")
    if not wholesaler.radius_from:
        yield Phrase(
            f"les adresses d'où son RADIUS interroge le nôtre : {change} --radius-from …",
            f"the addresses from which its RADIUS asks ours: {change} --radius-from …",
        )
    if wholesaler.radius_secret is None:
        yield Phrase(
            f"le secret convenu avec lui : essaim wholesaler secret {wholesaler.name}",
            f"the secret agreed with it: essaim wholesaler secret {wholesaler.name}",
        )


def _sells(session: Session, wholesaler: Wholesaler) -> bool:
    offered = select(Offer.id).where(
        Offer.wholesaler_id == wholesaler.id, func.coalesce(Offer.realm, Offer.name) == wholesaler.realm
    )
    ordered = select(Order.id).where(Order.wholesaler_id == wholesaler.id, Order.state.in_(PLACED))
    return any(session.scalar(query.limit(1)) is not None for query in (offered, ordered))


def _unmet(session: Session, wholesaler: Wholesaler) -> Iterator[Phrase]:
    found = ends(session, wholesaler)
    if not found:
        change = f"essaim wholesaler change {wholesaler.name} --tunnel-endpoint …"
        yield Phrase(
            f"un LNS à nous où finissent ses tunnels, par son nom : {change}",
            f"an LNS of ours where its tunnels end, by its name: {change}",
        )
    for lns in found:
        if not lns.endpoint:
            yield Phrase(
                f"l'adresse de service de {lns.name} : essaim device change {lns.name} --endpoint …:1701",
                f"the service address of {lns.name}: essaim device change {lns.name} --endpoint …:1701",
            )
        held = select(DeviceSecret.id).where(DeviceSecret.device_id == lns.id, DeviceSecret.name == "l2tp")
        if session.scalar(held) is None:
            yield Phrase(
                f"le secret des tunnels de {lns.name} : essaim device secret {lns.name} l2tp --generate",
                f"the tunnels' secret of {lns.name}: essaim device secret {lns.name} l2tp --generate",
            )
