"""How someone signs in: a link that serves once, then a cookie. The database knows only their SHA-256.

Whoever has left may still sign in: they see what they still owe, and what is still kept about them.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Forbidden
from foundation.speech import Phrase
from inventory import rights
from inventory.models.mandates import Task
from inventory.models.people import Member, SignIn, SignInLink
from inventory.rights import asks

LINK_LIFE: Final = timedelta(minutes=15)
SIGN_IN_LIFE: Final = timedelta(days=14)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class LinkDead(Forbidden):
    """The link served already, is too old, or never was one of ours: which of them is not said."""

    kind = "link-dead"
    phrase = Phrase(
        "Ce lien ne sert plus : il vaut quinze minutes et une seule fois. Rien n'a été changé. "
        "Demandez-en un autre à votre association.",
        "This link no longer works: it is good for fifteen minutes and only once. Nothing was changed. "
        "Ask your association for another.",
    )


@asks(Task.MEMBERS_WRITE, "member", own=True)
def sign_in_link(session: Session, act: Act, member: Member) -> str:
    """Make a link that signs `member` in once within LINK_LIFE, and give the token it carries.

    The token is shown this one time; nobody can read it again. Whoever signs in so has what that member may do: for
    someone else who holds a mandate it takes the keeping of accesses too, else NotMandated.
    """
    if act.actor != str(member) and rights.tasks_of(session, Act(str(member), act.at)):
        rights.demand(session, act, Task.KEYS_KEEP)
    session.execute(delete(SignInLink).where(SignInLink.expires <= act.at))
    token = secrets.token_urlsafe(32)
    expires = act.at + LINK_LIFE
    session.add(SignInLink(member_id=member.id, digest=_digest(token), expires=expires))
    journal.record(session, act, "sign-in.link", str(member), member=str(member), expires=expires)
    session.flush()
    return token


def link_address(url: str, token: str) -> str:
    """The link as someone opens it, on the portal at `url`."""
    return f"{url}/s/{token}"


def sign_in(session: Session, token: str, at: datetime) -> str:
    """Use up a link: the value of a cookie that is good for SIGN_IN_LIFE.

    Of two that come at once with one link, one alone gets in. Raises LinkDead.
    """
    session.execute(delete(SignIn).where(SignIn.expires <= at))
    used = delete(SignInLink).where(SignInLink.digest == _digest(token), SignInLink.expires > at)
    member_id = session.scalar(used.returning(SignInLink.member_id))
    if member_id is None:
        raise LinkDead
    member = session.get_one(Member, member_id)
    cookie = secrets.token_urlsafe(32)
    session.add(SignIn(member_id=member.id, digest=_digest(cookie), since=at, expires=at + SIGN_IN_LIFE))
    journal.record(session, Act(str(member), at), "sign-in.begin", str(member), member=str(member))
    session.flush()
    return cookie


def signed_in(session: Session, cookie: str, at: datetime) -> Member | None:
    """Whose cookie this is, or None where it is nobody's any more."""
    if not well_formed(cookie):
        return None
    return session.scalar(
        select(Member)
        .join(SignIn, SignIn.member_id == Member.id)
        .where(SignIn.digest == _digest(cookie), SignIn.expires > at)
    )


def sign_out(session: Session, cookie: str, at: datetime) -> None:
    """End what this cookie opened. Ending it twice is no fault."""
    member = signed_in(session, cookie, at)
    if member is None:
        return
    session.execute(delete(SignIn).where(SignIn.digest == _digest(cookie)))
    journal.record(session, Act(str(member), at), "sign-in.end", str(member), member=str(member))


def well_formed(token: str) -> bool:
    """Whether a text could be a token or a cookie of ours."""
    return _TOKEN.fullmatch(token) is not None


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
