"""What members were promised or somebody relies on, and a machine does not do: said beside a plan, for no change of its
text mends it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import collecting
from inventory.lines import RENDERED
from inventory.models.addresses import Assignment
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line, Offer, Share
from provisioning.artifact import Artifact

SESSIONS = frozenset({"l2tp", "accel", "lns-ios", "lns-routeros"})
"""Artifacts that say to an LNS how large the packets of its sessions may be."""

ROWS = "radius-sql"
COUNTED = frozenset({"debian", "freeradius"})
"""Platforms of the RADIUS servers whose sessions are read."""
ANSWERS = "debian"
"""The platform of those that are written for wholesalers who ask."""
HANDS_ON = frozenset({"l2tp", "accel", "ipoe", "wireguard", "openvpn", "bird"})
"""Artifacts of daemons that leave it to the machine whether it hands on what is not for itself."""


def broken(session: Session, device: Device, artifact: Artifact) -> tuple[Phrase, ...]:
    """What a machine will not do, in sentences that say what to do: offers and lines whose largest packet an LNS does
    not carry; sessions and wholesalers that are left out where logins are rows.
    """
    if artifact.name == ROWS:
        return tuple(_left_out(session))
    if artifact.name not in SESSIONS:
        return ()
    return tuple(_broken(session, device, collecting.carried(session).get(device.id, 0)))


def carried(session: Session, device: Device, artifact: Artifact) -> frozenset[int]:
    """The versions of IP that members need a machine to hand on: those of their addresses, by lines in service there.

    A router is needed for everybody's. None where the artifact has nothing to do with it.
    """
    if artifact.name not in HANDS_ON:
        return frozenset()
    held = select(Assignment.id).join(Share, Share.id == Assignment.share_id).join(Line, Line.id == Share.line_id)
    held = held.where(Assignment.until.is_(None), Line.state.in_(RENDERED))
    if artifact.role != "router":
        held = held.where(Line.device_id == device.id)
    return frozenset(one for one in (4, 6) if session.scalar(select(exists(held.where(Assignment.family == one)))))


def unmoving(versions: frozenset[int]) -> tuple[Phrase, ...]:
    """That a machine does not hand on these versions of IP, which members need; nothing where there is none."""
    if not versions:
        return ()
    french = " ni ".join(f"l'IPv{one}" for one in sorted(versions))
    english = " or ".join(f"IPv{one}" for one in sorted(versions))
    return (
        Phrase(
            f"cette machine ne fait pas suivre {french} : les membres se connecteront et ne joindront rien. Ce qu'il y "
            "a à y régler, une fois : docs/reference/machines.md",
            f"this machine does not forward {english}: members will connect and reach nothing. What there is to set "
            "there, once: docs/reference/machines.md",
        ),
    )


def _left_out(session: Session) -> Iterator[Phrase]:
    found = session.scalars(select(Device.platform).where(Device.role == "radius", Device.until.is_(None)))
    platforms = frozenset(found)
    if not platforms & COUNTED:
        yield Phrase(
            "les sessions que compte ce FreeRADIUS (radacct) ne sont pas lues : essaim line status ne saura pas si une "
            "ligne PPP est connectée. Pour qu'il le sache, FreeRADIUS écrit des fichiers detail "
            "(docs/howto/connections.md), et : essaim device add NOM --role radius --platform freeradius --site …",
            "the sessions that this FreeRADIUS counts (radacct) are not read: essaim line status will not know whether "
            "a PPP line is connected. For it to know, FreeRADIUS writes detail files (docs/howto/connections.md), and: "
            "essaim device add NAME --role radius --platform freeradius --site …",
        )
    asking = ", ".join(one.name for one in collecting.by_radius(session))
    if asking and ANSWERS not in platforms:
        yield Phrase(
            f"rien ici ne répond au RADIUS des opérateurs de gros ({asking}) : leurs lignes ne s'ouvriront pas. Seul "
            "un serveur en fichiers leur répond (docs/howto/wholesale-radius.md) : essaim device add NOM --role radius "
            "--platform debian --site …",
            f"nothing here answers the wholesalers' RADIUS ({asking}): their lines will not open. Only a server that "
            "has files answers them (docs/howto/wholesale-radius.md): essaim device add NAME --role radius --platform "
            "debian --site …",
        )


def _broken(session: Session, device: Device, carried: int) -> Iterator[Phrase]:
    offers = select(Offer.name, Offer.mtu).where(Offer.device_id == device.id, Offer.delivery == Delivery.L2TP)
    for name, mtu in session.execute(offers.where(Offer.mtu > carried, Offer.retired.is_(None)).order_by(Offer.name)):
        yield Phrase(
            f"l'offre {name} promet des paquets de {mtu} octets, une session n'en porte ici que {carried}. Changer "
            f"l'offre : essaim offer change {name} --mtu {carried} ; ou, si le chemin du LAC à ce LNS porte "
            f"davantage, le dire : essaim wholesaler change NOM --path-mtu …",
            f"offer {name} promises packets of {mtu} octets, a session carries but {carried} here. Change the offer: "
            f"essaim offer change {name} --mtu {carried}; or, where the path from the LAC to this LNS carries more, "
            f"say so: essaim wholesaler change NAME --path-mtu …",
        )
    own = select(func.count()).where(Line.device_id == device.id, Line.state.in_(RENDERED), Line.mtu > carried)
    count = session.scalar(own) or 0
    if count:
        yield Phrase(
            f"lignes qui promettent davantage que les {carried} octets qu'une session porte ici : {count}. Corriger "
            f"chacune : essaim line change L… --mtu {carried}",
            f"lines that promise more than the {carried} octets that a session carries here: {count}. Correct each: "
            f"essaim line change L… --mtu {carried}",
        )
