"""Whether a line that is going over was seen up on its new access, and its end: done once it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk import status
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import lines, moving
from inventory.models.lines import Delivery, Technology
from inventory.views.lines import LineView, view
from monitoring.connections import connected_after
from monitoring.models import open_samples

_SEEN = Phrase("{line} a été vue connectée le {seen}, depuis le début de la migration.",
               "{line} was seen connected on {seen}, since the migration began.")  # fmt: skip
_NOT_SEEN = Phrase("{line} n'a pas encore été vue sur son nouvel accès (essaim poll).",
                   "{line} has not been seen on its new access yet (essaim poll).")  # fmt: skip
_NEVER_SEEN = Phrase("Aucune machine ne peut dire si {line} marche sur son nouvel accès : voyez sur place.",
                     "No machine can tell whether {line} works on its new access: see for yourself.")  # fmt: skip


class NotSeenUp(Refused):
    """Nobody saw the new access work, and the old one would end."""

    kind = "not-seen-up"
    phrase = Phrase(
        "{seen} Finir couperait l'ancien accès. Rien n'a été changé. S'il marche : "
        "essaim line migrate {line} --done --yes",
        "{seen} Finishing would cut the old one. Nothing was changed. If it works: "
        "essaim line migrate {line} --done --yes",
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What monitoring knows of a line's new access: when it was first seen up, if it was; whether it could be."""

    line: str
    at: datetime | None
    visible: bool

    @property
    def phrase(self) -> Phrase:
        """In one sentence."""
        if not self.visible:
            return _filled(_NEVER_SEEN, line=self.line)
        return _filled(_NOT_SEEN, line=self.line) if self.at is None else _filled(_SEEN, line=self.line, seen=self.at)


def seen_up(store: Store, settings: Settings, number: str) -> Seen:
    """Whether the new access was seen up. A tunnel is looked for on its new machine; a PPP line that stays with
    the same RADIUS server, by any session begun since.

    Raises NoSuchLine, NotMigrating.
    """
    with reading(store) as session:
        line = lines.find_line(session, number)
        migration = line.migration
        if migration is None:
            raise moving.NotMigrating(line=str(line))
        delivery = migration.to_offer.delivery
        device = migration.to_device.name if migration.to_device and delivery == Delivery.TUNNEL else None
        certified = migration.to_offer.technology == Technology.OPENVPN
        name, row, since = str(line), line.number, migration.since
    if delivery not in status.CONNECTS:
        return Seen(name, None, visible=False)
    with reading(open_samples(settings)) as samples:
        return Seen(name, connected_after(samples, row, since, device=device, certified=certified), visible=True)


def complete(store: Store, settings: Settings, act: Act, number: str, *, unseen: bool) -> LineView:
    """End a migration: the new access is the line's own. `unseen` where a person vouches for it.

    Raises NoSuchLine, NotMigrating, NotSeenUp, VLANTaken.
    """
    seen = seen_up(store, settings, number)
    if seen.at is None and not unseen:
        raise NotSeenUp(seen=seen, line=seen.line)
    with transaction(store) as session:
        moving.complete_migration(session, act, lines.find_line(session, number))
        return view(session, lines.find_line(session, number), clock.today(act.at))


def _filled(phrase: Phrase, **values: object) -> Phrase:
    return Phrase.said(phrase.say("fr", **values), phrase.say("en", **values))
