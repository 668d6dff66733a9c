"""What becomes of suggestions, told to whoever made them; and what a member may change or suggest of what is theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation import mail
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import NotFound
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.speech import LANGUAGES, Language, Phrase
from inventory import addresses, lines, members, reverse, suggestions
from inventory.models.lines import Line
from inventory.models.names import ReverseName
from inventory.models.people import Member
from inventory.models.suggestions import Deed, Suggestion, SuggestionState
from inventory.scopes import owners_of
from inventory.suggested import ChangeLine
from inventory.views.suggestions import SuggestionView, view

SHOWN: Final = 20
"""Suggestions of one's own on a page, the latest first: as many as may wait at a time."""

_SUBJECT: Final = {
    SuggestionState.ACCEPTED: Phrase(
        "[{association}] Votre suggestion {suggestion} est acceptée",
        "[{association}] Your suggestion {suggestion} is accepted",
    ),
    SuggestionState.REFUSED: Phrase(
        "[{association}] Votre suggestion {suggestion} n'a pas été retenue",
        "[{association}] Your suggestion {suggestion} was not taken up",
    ),
}
_TEXT: Final = {
    SuggestionState.ACCEPTED: Phrase(
        "Bonjour,\n\n"
        "Vous aviez suggéré : {deed} ({subject}). C'est accepté, et fait.\n\n{diff}\n"
        "Ce qui en change sur les machines y arrive avec leur prochaine mise à jour. Une question : répondez à ce "
        "message.\n",
        "Hello,\n\n"
        "You had suggested: {deed} ({subject}). It is accepted, and done.\n\n{diff}\n"
        "What this changes on machines comes there with their next update. A question: answer this message.\n",
    ),
    SuggestionState.REFUSED: Phrase(
        "Bonjour,\n\n"
        "Vous aviez suggéré : {deed} ({subject}). Ce ne sera pas fait, et rien n'a changé. Pourquoi :\n\n{reason}\n\n"
        "Pour en parler : répondez à ce message.\n",
        "Hello,\n\n"
        "You had suggested: {deed} ({subject}). It will not be done, and nothing has changed. Why:\n\n{reason}\n\n"
        "To talk about it: answer this message.\n",
    ),
}


def tell(store: Store, settings: Settings, act: Act, number: str) -> MailNotSent | None:
    """Tell whoever made a suggestion what became of it, once that is kept.

    Nobody is told of what they decided themselves, and someone without an e-mail reads it where they made it. The mail
    goes before it is written down that it went: cut short between the two, they are told once more. Gives why a mail
    waits in the outbox, if one does. Raises BadNumber, NoSuchSuggestion.
    """
    with reading(store) as session:
        one = suggestions.find_suggestion(session, number)
        waits = one.state != SuggestionState.WAITING and one.told_at is None
        mailed = _mail(session, settings, one) if waits else None
    failed = None
    try:
        mail.send(settings, [] if mailed is None else [mailed], act.at)
    except MailNotSent as untold:
        failed = untold
    if waits:
        with transaction(store) as session:
            suggestions.note_told(session, act, suggestions.find_suggestion(session, number))
    return failed


def tell_waiting(store: Store, settings: Settings, act: Act) -> MailNotSent | None:
    """Tell all those whom a program that died between a decision and its mail left untold.

    Gives why a mail waits in the outbox, if one does.
    """
    with reading(store) as session:
        waiting = suggestions.untold(session)
    failed = None
    for number in waiting:
        failed = tell(store, settings, act, number) or failed
    return failed


def suggest_place(session: Session, act: Act, member: Member, number: str, place: str) -> Suggestion:
    """A member suggests what the address of their line is. Raises NoSuchLine, and what `suggestions.suggest` raises."""
    return suggestions.suggest(session, act, ChangeLine(str(own_line(session, member, number)), place=place))


def name_address(session: Session, act: Act, member: Member, address: str, name: str) -> ReverseName:
    """A member says what an address of theirs is called: it takes no mandate, and waits for nobody.

    Raises BadAddress, NobodyHolds for somebody else's as for nobody's, BadName, Delegated.
    """
    plain = addresses.parse_address(address)
    held = reverse.holding(session, addresses.parse_prefix(str(plain)))
    if member.id not in owners_of(held, session):
        raise reverse.NobodyHolds(prefix=str(plain))
    return reverse.set_name(session, act, held, plain, name)


def own_line(session: Session, member: Member, number: str) -> Line:
    """A line that the member has a part of. Raises BadNumber, and NoSuchLine for someone else's as for none."""
    line = lines.find_line(session, number)
    if member.id not in owners_of(line, session):
        raise lines.NoSuchLine(line=str(line))
    return line


def own_suggestion(session: Session, member: Member, number: str) -> Suggestion:
    """What the member suggested. Raises BadNumber, and NoSuchSuggestion for someone else's as for none."""
    one = suggestions.find_suggestion(session, number)
    if member.id not in owners_of(one, session):
        raise suggestions.NoSuchSuggestion(suggestion=str(one))
    return one


def names_of(session: Session, member: Member, number: str) -> list[ReverseName]:
    """What the addresses of the member's own part of a line are called. Raises as `own_line`."""
    line = own_line(session, member, number)
    own = [share for share in line.shares if share.member_id == member.id and share.until is None]
    held = [each for share in own for each in share.assignments if each.until is None]
    return [one for each in held for one in reverse.names_of(session, each)]


def suggested_by(session: Session, member: Member, at: datetime) -> list[SuggestionView]:
    """What a member suggested and what became of it, the latest first."""
    found = suggestions.latest_by(session, str(member), limit=SHOWN)
    return [view(session, one, at) for one in found]


def _mail(session: Session, settings: Settings, one: Suggestion) -> Mail | None:
    state = SuggestionState(one.state)
    if state not in _TEXT or one.decided_by == one.proposed_by or not one.proposed_by.startswith("M"):
        return None
    try:
        member = members.find_member(session, one.proposed_by)
    except NotFound:
        return None
    if not member.email:
        return None
    language: Language = next((each for each in LANGUAGES if each == member.language), LANGUAGES[0])
    facts: dict[str, object] = {
        "association": settings.name,
        "suggestion": str(one),
        "deed": Deed(one.deed),
        "subject": one.subject,
        "diff": one.diff,
        "reason": one.reason,
    }
    return Mail(member.email, _SUBJECT[state].say(language, **facts), _TEXT[state].say(language, **facts))
