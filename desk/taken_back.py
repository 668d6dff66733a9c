"""Lines that are connected by a certificate that was revoked: their server does not know, or not yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from foundation.database import Store, reading
from inventory import certificates, credentials, lines, numbers
from monitoring.alerts.seen import LetIn
from monitoring.connections import last_connection


def let_in(session: Session, samples: Store, at: datetime) -> tuple[LetIn, ...]:
    """Those lines by number, as the last poll saw them, each with the machine that lets it in.

    OpenVPN says by which name somebody is connected, not by which certificate: one who has another in force is let be.
    """
    opened = credentials.opened_by(session)["openvpn"]
    taken = sorted({opened[name] for name in certificates.taken_back(session, at) if name in opened})
    found = []
    with reading(samples) as seen:
        for number in taken:
            last = last_connection(seen, number)
            if last is not None and last.until is None:
                line = lines.find_line(session, numbers.shown("L", number))
                found.append(LetIn(str(line), "" if line.device is None else line.device.name))
    return tuple(found)
