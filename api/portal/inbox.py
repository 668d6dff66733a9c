"""« Virements à rapprocher »: movements that wait, each with what it may be, said in three keystrokes or by buttons.

Every act names what was seen, not "the first suggestion": what changed meanwhile is never booked unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, Reading, SignedIn, from_our_pages
from api.languages import language_of
from api.portal import inbox_words
from api.portal.inbox_forms import Said, parts_of
from api.portal.rendering import is_form_token, page
from api.problems import CrossSite, SignInNeeded
from billing import payments
from billing.bank import inbox as movements
from billing.bank.inbox import Part
from billing.bank.lists import EntryView, SaidAs, SaidView, count_waiting, entry_views
from billing.bank.refusals import AlreadyMatched, NoSuchEntry
from billing.bank.views import SuggestionView, waiting_views
from billing.books import chart
from billing.books.chart import Account, Chart
from billing.models import BankEntry
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import reading, transaction
from foundation.errors import EssaimError, Forbidden, NotFound
from foundation.speech import LANGUAGES, Language, Phrase
from inventory import accounts, members, rights
from inventory.models.mandates import Task
from inventory.models.people import Member

router = APIRouter(default_response_class=Response)

SHOWN: Final = 20
"""Movements of a page: as many as one looks through at once."""
_FOUND: Final = 9
_NOT_BY_HAND: Final = frozenset({"members", "waiting"})
_RESULTS: Final = ("11", "12")
"""Accounts of a year's result, which its closing writes."""

FormToken = Annotated[str, Form(max_length=100)]
After = Annotated[str, Query(max_length=12)]
FormAfter = Annotated[str, Form(max_length=12)]
Deed = Callable[[Session, Act, BankEntry], object]


@dataclass(frozen=True, slots=True)
class Looked:
    """Where on the page someone is: after which movement, which is open, and the word that they searched for."""

    after: str = ""
    entry: str = ""
    word: str = ""
    done: str = ""


@router.get("/transfers")
def inbox(
    request: Request,
    session: Reading,
    member: SignedIn,
    at: At,
    after: After = "",
    entry: Annotated[str, Query(max_length=12)] = "",
    word: Annotated[str, Query(max_length=100)] = "",
    done: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """What waits, the oldest first, the first one open. Raises NotMandated."""
    return _shown(request, session, member, at, Looked(after, entry, word, done))


def _shown(
    request: Request,
    session: Session,
    member: Member,
    at: datetime,
    looked: Looked,
    *,
    notice: str = "",
    said: Said | None = None,
    status: int = 200,
) -> Response:
    act, plan = Act(str(member), at), _chart(request)
    found = movements.waiting(session, act, after=looked.after, limit=SHOWN + 1)
    views = waiting_views(session, found[:SHOWN])
    opened = next((one.number for one in views if one.number == looked.entry), views[0].number if views else "")
    done = (
        entry_views(session, [movements.find_entry(session, looked.done)], clock.today(at))[0] if looked.done else None
    )
    return page(
        request,
        "inbox.html",
        status=status,
        member=member,
        inbox_words=inbox_words,
        views=views,
        count=count_waiting(session),
        opened=opened,
        more=views[-1].number if len(found) > SHOWN else "",
        looked=looked,
        done=done,
        done_what=_what(done, plan) if done is not None else None,
        notice=notice,
        said=said or Said(),
        people=_sought(session, looked.word) if looked.word.strip() else (),
        may_match=rights.may(session, act, Task.PAYMENTS_MATCH),
        accounts=_accounts(plan),
        account=plan.find,
        whole=_whole,
        language_of_page=language_of(request, member),
    )


def _done(session: Session, number: str, at: datetime) -> EntryView | None:
    """The movement of which something was just said, as it is now."""
    return entry_views(session, [movements.find_entry(session, number)], clock.today(at))[0] if number else None


def _accounts(plan: Chart) -> list[Account]:
    """The accounts under which one may file."""
    return [one for one in plan.accounts() if one.word not in _NOT_BY_HAND and not one.code.startswith(_RESULTS)]


def _sought(session: Session, word: str) -> Sequence[Member]:
    """Members of that number, reference, or with that word in their name or their contacts."""
    try:
        return [payments.payer(session, word)]
    except EssaimError:
        return members.list_members(session, word=word, limit=_FOUND)


def _whole(one: SuggestionView) -> str:
    """A suggestion as a form sends it: what was seen is what is booked."""
    return " ".join(f"{part.member}={part.cents.decimal()}" for part in one.parts)


@router.post("/transfers/{number}/match", dependencies=[Depends(from_our_pages)])
def match(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    parts: Annotated[str, Form(max_length=500)] = "",
    rest: Annotated[str, Form(max_length=16)] = "",
    after: FormAfter = "",
) -> Response:
    """It is these members', one or several, each with their part."""

    def done(session: Session, act: Act, entry: BankEntry) -> None:
        movements.match(session, act, entry, parts_of(session, entry, parts), rest=rest, chart=_chart(request))

    return _do(request, cookie, form_token, at, number, after, done, Said("match", parts, rest))


@router.post("/transfers/{number}/gift", dependencies=[Depends(from_our_pages)])
def gift(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    member: Annotated[str, Form(max_length=40)] = "",
    after: FormAfter = "",
) -> Response:
    """It is a gift, of a member or of somebody who is none."""

    def done(session: Session, act: Act, entry: BankEntry) -> None:
        if member.strip():
            movements.match(
                session, act, entry, [Part(payments.payer(session, member), None, gift=True)], chart=_chart(request)
            )
        else:
            movements.file_entry(session, act, entry, "gifts", entry.payer or entry.label, chart=_chart(request))

    return _do(request, cookie, form_token, at, number, after, done, Said("gift", member))


@router.post("/transfers/{number}/file", dependencies=[Depends(from_our_pages)])
def file(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    account: Annotated[str, Form(max_length=16)],
    words: Annotated[str, Form(max_length=140)] = "",
    after: FormAfter = "",
) -> Response:
    """It is no member's: it goes under an account of the books."""

    def done(session: Session, act: Act, entry: BankEntry) -> None:
        movements.file_entry(session, act, entry, account, words, chart=_chart(request))

    return _do(request, cookie, form_token, at, number, after, done, Said("file", words, account))


@router.post("/transfers/{number}/refund", dependencies=[Depends(from_our_pages)])
def refund(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    member: Annotated[str, Form(max_length=40)],
    after: FormAfter = "",
) -> Response:
    """Money that went out was a member's credit."""

    def done(session: Session, act: Act, entry: BankEntry) -> None:
        movements.refund(session, act, entry, payments.payer(session, member))

    return _do(request, cookie, form_token, at, number, after, done, Said("refund", member))


@router.post("/transfers/{number}/undo", dependencies=[Depends(from_our_pages)])
def undo(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    reason: Annotated[str, Form(max_length=200)],
    after: FormAfter = "",
) -> Response:
    """What was said of it was wrong: it waits again."""

    def done(session: Session, act: Act, entry: BankEntry) -> None:
        movements.unmatch(session, act, entry, reason)

    return _do(request, cookie, form_token, at, number, after, done, Said("undo", reason))


def _do(
    request: Request, cookie: str, form_token: str, at: datetime, number: str, after: str, deed: Deed, said: Said
) -> Response:
    """Do it, whole, and go on with the next one; what is refused is said above the movement, with what was typed."""
    try:
        with transaction(request.app.state.store) as session:
            member = _whose(session, cookie, form_token, at)
            entry = movements.find_entry(session, number)
            deed(session, Act(str(member), at), entry)
            name = str(entry)
    except (Forbidden, NoSuchEntry):
        raise
    except EssaimError as refusal:
        return _refused(request, cookie, at, Looked(after, entry=number), said, refusal)
    there = {"after": after, "done": name} | ({"entry": name} if said.way == "undo" else {})
    query = urlencode({key: value for key, value in there.items() if value})
    return RedirectResponse(f"/transfers?{query}", HTTPStatus.SEE_OTHER)


def _refused(request: Request, cookie: str, at: datetime, looked: Looked, said: Said, refusal: EssaimError) -> Response:
    with reading(request.app.state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        language = language_of(request, member)
        notice = refusal.sentence(language)
        if isinstance(refusal, AlreadyMatched):
            notice = _quicker(session, member, looked.entry, _chart(request), at, language) or notice
        return _shown(request, session, member, at, looked, notice=notice, said=said, status=refusal.http_status)


def _quicker(session: Session, member: Member, number: str, plan: Chart, at: datetime, language: Language) -> str:
    """Who said what a movement is before this member did; nothing where the journal does not tell."""
    entry = movements.find_entry(session, number)
    deeds = journal.show(session, subject=str(entry), limit=1)
    if not deeds:
        return ""
    [view] = entry_views(session, [entry], clock.today(at))
    last, what = deeds[0], _what(view, plan)
    if last.actor == str(member):
        return inbox_words.QUICKER_YOU.say(language, entry=str(entry), what=what, at=last.at)
    return inbox_words.QUICKER.say(language, who=_named(session, last.actor), entry=str(entry), what=what, at=last.at)


def _named(session: Session, actor: str) -> object:
    try:
        who = members.find_member(session, actor)
    except (EssaimError, NotFound):
        return inbox_words.SOMEBODY
    return f"{who.name} ({who})"


def _what(view: EntryView, plan: Chart) -> Phrase | None:
    """What was said of a movement, in words; None where it waits."""
    if not view.said:
        return None
    told = [_told(one, plan, alone=len(view.said) == 1) for one in view.said]
    return Phrase.said(*(", ".join(one.say(language) for one in told) for language in LANGUAGES))


def _told(one: SaidView, plan: Chart, *, alone: bool) -> Phrase:
    whose = f"{one.member_name} ({one.member})"
    match one.sort:
        case SaidAs.FILING:
            account = plan.find(one.name)
            said = [
                inbox_words.FILED_UNDER.say(language, account=f"{account.name.say(language)} ({account.code})")
                for language in LANGUAGES
            ]
        case SaidAs.REFUND:
            said = [inbox_words.GIVEN_BACK.say(language, whose=whose) for language in LANGUAGES]
        case SaidAs.PAYMENT:
            said = [whose, whose]
    cents = Phrase("{said}", "{said}") if alone else Phrase("{said} {cents}", "{said} {cents}")
    return Phrase.said(
        *(cents.say(language, said=text, cents=one.cents) for language, text in zip(LANGUAGES, said, strict=True))
    )


def _chart(request: Request) -> Chart:
    return chart.read(request.app.state.settings.var / chart.FILE)


def _whose(session: Session, cookie: str, form_token: str, at: datetime) -> Member:
    """Who sends a form of ours. Raises SignInNeeded, CrossSite."""
    member = accounts.signed_in(session, cookie, at)
    if member is None:
        raise SignInNeeded
    if not is_form_token(form_token, cookie):
        raise CrossSite
    return member
