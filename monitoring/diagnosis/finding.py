"""What a diagnosis is made of: findings, each a sentence, the facts that it rests on, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from foundation.speech import Language, Phrase, moment


class Situation(StrEnum):
    """What is the matter with a line."""

    WELL = "well"
    UNPLUGGED = "unplugged"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - the name of a situation
    UNKNOWN_LOGIN = "unknown-login"
    WRONG_REALM = "wrong-realm"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_REVOKED = "certificate-revoked"
    LIST_EXPIRED = "list-expired"
    KEY_NOT_OURS = "key-not-ours"
    ENDPOINT_BLOCKED = "endpoint-blocked"
    NO_IPV6_ROUTE = "no-ipv6-route"
    MTU_TOO_LARGE = "mtu-too-large"
    OWN_DNS = "own-dns"
    SUSPENDED = "suspended"
    NOT_DELIVERED = "not-delivered"
    CLOSING = "closing"
    CLOSED = "closed"
    LNS_DOWN = "lns-down"
    RADIUS_DOWN = "radius-down"
    VPN_DOWN = "vpn-down"
    RESOLVER_DOWN = "resolver-down"
    TRANSIT_DOWN = "transit-down"
    NOT_ANNOUNCED = "not-announced"
    WHOLESALER_DOWN = "wholesaler-down"
    CRUSHED = "crushed"
    ALONE_DOWN = "alone-down"
    CHANGED = "changed"
    WORKS = "works"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence with what it takes, and when it was so. What is `inside` is for volunteers alone."""

    phrase: Phrase
    values: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None
    inside: bool = False

    def say(self, language: Language) -> str:
        """The sentence, with its instant before it where it has one."""
        said = self.phrase.say(language, **self.values)
        if self.at is None:
            return said
        return f"{moment(self.at, language)}{' : ' if language == 'fr' else ': '}{said}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is the matter: in a sentence, resting on these facts, with what to try, most likely first."""

    situation: Situation
    said: Told
    facts: tuple[Told, ...] = ()
    tries: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is the matter with a line at an instant: the first finding is the answer, the others are beside it.

    `unseen` is what could not be looked at.
    """

    line: str
    at: datetime
    findings: tuple[Finding, ...]
    unseen: tuple[Told, ...] = ()

    @property
    def situation(self) -> Situation:
        """The first finding's."""
        return self.findings[0].situation

    def for_member(self) -> Diagnosis:
        """The same without what is for volunteers alone."""
        return replace(
            self,
            findings=tuple(replace(one, facts=_outside(one.facts), tries=_outside(one.tries)) for one in self.findings),
            unseen=_outside(self.unseen),
        )


def _outside(told: tuple[Told, ...]) -> tuple[Told, ...]:
    return tuple(one for one in told if not one.inside)
