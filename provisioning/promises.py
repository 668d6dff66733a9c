"""What is promised to members and a machine does not carry: said beside a plan, for no change of a text mends it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import collecting
from inventory.lines import RENDERED
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line, Offer
from provisioning.artifact import Artifact

SESSIONS = frozenset({"l2tp", "accel", "lns-ios", "lns-routeros"})
"""Artifacts that say to an LNS how large the packets of its sessions may be."""


def broken(session: Session, device: Device, artifact: Artifact) -> tuple[Phrase, ...]:
    """Offers and lines whose largest packet an LNS does not carry, in sentences that say what to do."""
    if artifact.name not in SESSIONS:
        return ()
    return tuple(_broken(session, device, collecting.carried(session).get(device.id, 0)))


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
