"""Who may vote on a day, and who votes for whom: the list for the general meeting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import contacts, kinds, members, rules
from inventory.models.mandates import Task
from inventory.models.people import Member, Membership, MembershipKind, Proxy, Referent, ReferentRole
from inventory.rights import asks


class MeetingOver(Invalid):
    """A proxy is given before the meeting."""

    kind = "meeting-over"
    phrase = Phrase(
        "Le {day} est passé : une procuration se donne avant. Rien n'a été changé.",
        "{day} is past: a proxy is given before. Nothing was changed.",
    )


class NoVote(Refused):
    """Whoever has no vote on that day neither gives one nor carries another's."""

    kind = "no-vote"
    phrase = Phrase(
        "{member} ne peut pas voter le {day} : il faut une adhésion qui vote (essaim kind list). Rien n'a été changé.",
        "{member} may not vote on {day}: that takes a membership that votes (essaim kind list). Nothing was changed.",
    )


class OwnProxy(Invalid):
    """Nobody votes for themselves by proxy."""

    kind = "own-proxy"
    phrase = Phrase(
        "{member} ne peut pas se donner procuration. Rien n'a été changé.",
        "{member} cannot be their own proxy. Nothing was changed.",
    )


class ProxyGiven(Refused):
    """One vote is given once."""

    kind = "proxy-given"
    phrase = Phrase(
        "{giver} a déjà donné procuration à {holder} pour le {day}. L'annuler : "
        "essaim member proxy {giver} --on {iso} --cancel",
        "{giver} has given {holder} their proxy for {day} already. To cancel it: "
        "essaim member proxy {giver} --on {iso} --cancel",
    )


class ProxyHeld(Refused):
    """A vote that one carries for another is not passed on."""

    kind = "proxy-held"
    phrase = Phrase(
        "{giver} porte la voix d'autres membres le {day} ({held}) et ne peut pas donner la sienne. "
        "Rien n'a été changé.",
        "{giver} carries the votes of others on {day} ({held}) and cannot give theirs away. Nothing was changed.",
    )


class TooManyProxies(Refused):
    """The association limits how many votes one person carries."""

    kind = "too-many-proxies"
    phrase = Phrase(
        "{holder} porte déjà {count} procurations pour le {day} ({most} au plus : essaim rule list). "
        "Rien n'a été changé.",
        "{holder} carries {count} proxies for {day} already ({most} at most: essaim rule list). Nothing was changed.",
    )


class NoProxy(NotFound):
    """Nothing was given for that day."""

    kind = "no-proxy"
    phrase = Phrase(
        "{giver} n'a pas donné procuration pour le {day}. Rien n'a été changé.",
        "{giver} has given no proxy for {day}. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Voter:
    """Someone who may vote. `represented_by`: who votes for an organisation, where someone is named.

    `proxy_to` and `proxy_name`: who carries their vote; `votes`: how many they carry, their own included.
    """

    number: str
    name: str
    kind: str
    organisation: bool
    represented_by: str
    proxy_to: str | None
    proxy_name: str
    votes: int


@dataclass(frozen=True, slots=True)
class Roll:
    """The list for a meeting. `base` is what a quorum is counted on; `unnamed` organisations that nobody represents."""

    day: date
    base: int
    proxies: int
    most_proxies: int
    unnamed: tuple[str, ...]
    voters: tuple[Voter, ...]


def roll(session: Session, day: date) -> Roll:
    """Who may vote on that day, by number: members whose membership is then of a kind that votes."""
    people, words = _voters(session, day), kinds.words(session)
    ids = {member.id for member, _ in people}
    given = {one.giver_id: one for one in _proxies(session, day) if {one.giver_id, one.holder_id} <= ids}
    held = Counter(one.holder_id for one in given.values())
    organisations = [member for member, _ in people if member.organisation]
    speaks: dict[int, str] = {}
    for one in contacts.referents_of(session, *organisations):
        if one.role == ReferentRole.REPRESENTATIVE and one.since <= day:
            speaks.setdefault(one.organisation_id, _name(one))
    voters = tuple(
        Voter(
            number=str(member),
            name=member.name,
            kind=words[kind],
            organisation=member.organisation,
            represented_by=speaks.get(member.id, ""),
            proxy_to=str(proxy.holder) if (proxy := given.get(member.id)) else None,
            proxy_name=proxy.holder.name if proxy else "",
            votes=0 if proxy else 1 + held[member.id],
        )
        for member, kind in people
    )
    unnamed = tuple(str(one) for one in organisations if one.id not in speaks)
    return Roll(day, len(voters), len(given), rules.number(session, "votes.proxies"), unnamed, voters)


@asks(Task.MEMBERS_WRITE, "giver", own=True)
def give_proxy(session: Session, act: Act, giver: Member, holder: Member, day: date) -> Proxy:
    """On that day, `holder` votes for `giver` too.

    Raises MeetingOver, OwnProxy, NoVote, ProxyGiven, ProxyHeld, TooManyProxies.
    """
    if day < clock.today(act.at):
        raise MeetingOver(day=day)
    if giver.id == holder.id:
        raise OwnProxy(member=str(giver))
    # Of two who give theirs at once to one person, the second counts the first.
    both = select(Member.id).where(Member.id.in_([giver.id, holder.id])).order_by(Member.id)
    session.execute(both.with_for_update(key_share=True)).all()
    able = {member.id for member, _ in _voters(session, day)}
    for member in (giver, holder):
        if member.id not in able:
            raise NoVote(member=str(member), day=day)
    there = _proxies(session, day)
    for one in there:
        if one.giver_id in (giver.id, holder.id):
            raise ProxyGiven(giver=str(one.giver), holder=str(one.holder), day=day, iso=day.isoformat())
    carried = [str(one.giver) for one in there if one.holder_id == giver.id]
    if carried:
        raise ProxyHeld(giver=str(giver), day=day, held=carried)
    count, most = sum(one.holder_id == holder.id for one in there), rules.number(session, "votes.proxies")
    if count >= most:
        raise TooManyProxies(holder=str(holder), count=count, day=day, most=most)
    proxy = Proxy(giver_id=giver.id, holder_id=holder.id, day=day, given_at=act.at)
    session.add(proxy)
    session.flush()
    journal.record(session, act, "proxy.give", str(giver), member=str(giver), to=str(holder), day=day)
    return proxy


@asks(Task.MEMBERS_WRITE, "giver", own=True)
def cancel_proxy(session: Session, act: Act, giver: Member, day: date) -> None:
    """They vote themselves after all. Raises MeetingOver, NoProxy."""
    if day < clock.today(act.at):
        raise MeetingOver(day=day)
    given = next((one for one in _proxies(session, day) if one.giver_id == giver.id), None)
    if given is None:
        raise NoProxy(giver=str(giver), day=day)
    journal.record(session, act, "proxy.cancel", str(giver), member=str(giver), to=str(given.holder), day=day)
    session.delete(given)
    session.flush()


def _voters(session: Session, day: date) -> list[tuple[Member, str]]:
    """Who may vote on that day, by number, with the kind of their membership."""
    votes = select(MembershipKind.name).where(MembershipKind.votes)
    query = select(Member, Membership.kind).join(Membership, Membership.member_id == Member.id)
    found = session.execute(query.where(members.runs_on(day), Membership.kind.in_(votes)).order_by(Member.number))
    return [(member, kind) for member, kind in found]


def _proxies(session: Session, day: date) -> list[Proxy]:
    query = select(Proxy).where(Proxy.day == day).options(joinedload(Proxy.giver), joinedload(Proxy.holder))
    return list(session.scalars(query.order_by(Proxy.id)))


def _name(one: Referent) -> str:
    return one.name if one.person is None else one.person.name
