"""What is known of a line at the instant when somebody asks what is wrong with it: gathered once, as plain values.

Of other lines there is only how many are up or lost; of a member there is nothing but their line's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from foundation.speech import Phrase
from inventory.models.authority import Revoked
from inventory.models.lines import Delivery, LineState, Technology
from monitoring.connections import LastConnection
from monitoring.diagnosis.finding import Told
from monitoring.quality import Family

RECENT: Final = timedelta(hours=1)
"""What was done to a machine this long ago may still be why its lines fell."""

CRUSHED_AFTER: Final = timedelta(hours=6)
"""A copper line that has been gone for this long, alone and without an order, may have been given to somebody else."""


class Part(StrEnum):
    """What a machine of ours does for a line."""

    LNS = "lns"
    RADIUS = "radius"
    WIREGUARD = "wireguard"
    OPENVPN = "openvpn"
    RESOLVER = "resolver"

    @property
    def phrase(self) -> Phrase:
        """The part as people read it."""
        return _PARTS[self]


_PARTS: Final = {
    Part.LNS: Phrase("le serveur qui termine les lignes (LNS)", "the server that ends the lines (LNS)"),
    Part.RADIUS: Phrase("le serveur qui vérifie les identifiants (RADIUS)", "the server that checks logins (RADIUS)"),
    Part.WIREGUARD: Phrase("le serveur VPN (WireGuard)", "the VPN server (WireGuard)"),
    Part.OPENVPN: Phrase("le serveur VPN (OpenVPN)", "the VPN server (OpenVPN)"),
    Part.RESOLVER: Phrase("le résolveur de noms (DNS)", "the name resolver (DNS)"),
}


class Health(StrEnum):
    """How what a machine does was found."""

    UP = "up"
    DOWN = "down"
    """The machine answers, and what it is there for does not run."""
    SILENT = "silent"
    """The machine itself does not answer."""


class Complaint(StrEnum):
    """What whoever asks says of it, where no machine of ours can see it."""

    NAMES = "names"
    """Nothing opens by its name, and what is asked for by its address does."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a machine of ours does for the line, and how it was found."""

    machine: str
    part: Part
    health: Health


@dataclass(frozen=True, slots=True)
class Notice:
    """Works or an incident that concern the line; `said` is their sentence."""

    number: str
    said: Phrase
    since: datetime
    under_way: bool


@dataclass(frozen=True, slots=True)
class Transit:
    """A road to the Internet: the router of ours that takes it, whose it is, whether it is open (in one family)."""

    machine: str
    name: str
    version: int
    up: bool


@dataclass(frozen=True, slots=True)
class Announcement:
    """A prefix of ours that holds the line's addresses, and whether a router tells it to an open transit."""

    prefix: str
    told: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """A change that was applied on a machine that serves the line; `named` where it covers this very line."""

    number: str
    machine: str
    at: datetime
    named: bool


@dataclass(frozen=True, slots=True)
class Others:
    """Other lines that reach us in the same way: how many are up, how many were lost in the last day."""

    up: int = 0
    lost: int = 0
    lost_since: datetime | None = None
    """When the last of those that were lost fell."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that RADIUS refused, as the box sent it."""

    at: datetime
    login: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The newest certificate of a name that opens the line."""

    serial: str
    not_after: datetime
    revoked_at: datetime | None = None
    reason: Revoked | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """The line's key on its WireGuard server: whether it is there, and when it last shook hands."""

    there: bool
    handshake: datetime | None


@dataclass(frozen=True, slots=True)
class Knocks:
    """WireGuard openings that came to the server's door while we listened, and whether it answered them.

    An opening does not say whose it is: `unanswered` counts all that were left so, `near` those among them that came
    from where the line was last seen, `answered` those from there that were.
    """

    seconds: int
    unanswered: int
    near: int
    answered: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What came back from the line's own addresses, asked from the machine that serves it; None where nobody asked.

    `full` is a packet as large as the line says it takes, in one piece; `route6` whether that machine has a road to
    the line's IPv6 prefix.
    """

    ipv4: bool | None = None
    ipv6: bool | None = None
    full: bool | None = None
    route6: bool | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the questions are asked of. `unseen` is what could not be looked at, in sentences.

    `tells` is whether any machine says who is connected to such a line; `logins` are those that open it;
    `list_ends` is until when its server believes the list of revoked certificates; `leaving` whether an order to end
    or to move the line is under way. `echoes` is what was measured of the last hour, where the line's member agreed to
    that and whoever asks may see it.
    """

    at: datetime
    line: str
    technology: Technology
    delivery: Delivery
    state: LineState
    state_since: datetime
    mtu: int = 1500
    tells: bool = True
    machine: str | None = None
    wholesaler: str | None = None
    leaving: bool = False
    echoes: tuple[Family, ...] = ()
    works: tuple[Notice, ...] = ()
    running: tuple[Running, ...] = ()
    transits: tuple[Transit, ...] = ()
    announced: tuple[Announcement, ...] = ()
    changes: tuple[Touched, ...] = ()
    bought: Others = Others()
    beside: Others = Others()
    logins: tuple[str, ...] = field(default=(), repr=False)
    refusals: tuple[Refusal, ...] = ()
    certificate: Certificate | None = None
    list_ends: datetime | None = None
    peer: Peer | None = None
    knocks: Knocks | None = None
    last: LastConnection | None = None
    reach: Reach = Reach()
    complaint: Complaint | None = None
    unseen: tuple[Told, ...] = ()

    @property
    def up(self) -> bool:
        """Whether the line is connected, as far as it is known; one that nobody tells of counts as such."""
        return not self.tells or (self.last is not None and self.last.until is None)

    @property
    def quiet(self) -> bool:
        """Whether it does not answer: it is not connected, or counts as such and keeps silent."""
        return not self.up or self.reach.ipv4 is False

    @property
    def down_since(self) -> datetime | None:
        """Since when it is not connected; None where it never was, or is."""
        return None if self.last is None else self.last.until

    @property
    def others(self) -> Others:
        """Lines of the same wholesaler, else of the same machine."""
        return self.bought if self.wholesaler is not None else self.beside
