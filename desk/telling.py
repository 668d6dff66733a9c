"""Members are told before what opens their line ends: when it is renewed, thirty days before, and seven days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from desk import suggesting
from foundation import clock, mail
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.speech import LANGUAGES, Language, Phrase
from inventory import certificates, lapsing, lines, members, shares
from inventory.lapsing import Lapsing
from inventory.models.lines import CredentialKind

_RENEWED: Final = (
    Phrase(
        "[{association}] Un nouveau mot de passe pour votre ligne {line}",
        "[{association}] A new password for your line {line}",
    ),
    Phrase(
        "Bonjour,\n\n"
        "Votre ligne {line} a un nouveau mot de passe (identifiant {name}). L'ancien marche encore jusqu'au {until} : "
        "vous avez jusque-là pour changer celui de votre box. Rien ne sera coupé d'ici là.\n\n"
        "Pour recevoir le nouveau : répondez à ce message, quelqu'un vous le remettra.\n",
        "Hello,\n\n"
        "Your line {line} has a new password (login {name}). The former one works until {until}: you have until then "
        "to change it in your box. Nothing will be cut before.\n\n"
        "To receive the new one: answer this message, and someone hands it over to you.\n",
    ),
)
_PASSWORD: Final = (
    Phrase(
        "[{association}] Ligne {line} : l'ancien mot de passe s'arrête le {until}",
        "[{association}] Line {line}: the former password ends on {until}",
    ),
    Phrase(
        "Bonjour,\n\n"
        "L'ancien mot de passe de votre ligne {line} (identifiant {name}) cesse de marcher le {until}. Si votre box a "
        "déjà le nouveau, vous n'avez rien à faire.\n\n"
        "Sinon, répondez à ce message : quelqu'un vous le remettra.\n",
        "Hello,\n\n"
        "The former password of your line {line} (login {name}) stops working on {until}. If your box has the new one "
        "already, there is nothing to do.\n\n"
        "Otherwise answer this message: someone hands it over to you.\n",
    ),
)
_CERTIFICATE: Final = (
    Phrase(
        "[{association}] Ligne {line} : votre certificat s'arrête le {until}",
        "[{association}] Line {line}: your certificate ends on {until}",
    ),
    Phrase(
        "Bonjour,\n\n"
        "Le certificat qui ouvre votre ligne {line} (OpenVPN, {name}) cesse de marcher le {until}. D'ici là rien n'est "
        "coupé : l'ancien et le nouveau marchent tous les deux.\n\n"
        "Pour avoir le nouveau fichier : essaim line handout {line} --as ovpn, ou répondez à ce message et quelqu'un "
        "vous le remettra.\n",
        "Hello,\n\n"
        "The certificate that opens your line {line} (OpenVPN, {name}) stops working on {until}. Nothing is cut "
        "before, and until then the former one and the new one both work.\n\n"
        "To have the new file: essaim line handout {line} --as ovpn, or answer this message and someone hands it over "
        "to you.\n",
    ),
)
_TOKEN: Final = (
    Phrase(
        "[{association}] Votre jeton {name} prend fin le {until}", "[{association}] Your token {name} ends on {until}"
    ),
    Phrase(
        "Bonjour,\n\n"
        "Votre jeton {name} cesse de servir le {until} : le programme qui l'utilise ne pourra plus agir pour vous.\n\n"
        "Pour qu'il continue, créez-en un autre : essaim token create {member} --name …\n"
        "Une question : répondez à ce message.\n",
        "Hello,\n\n"
        "Your token {name} serves no more from {until} on: the program that uses it can act for you no longer.\n\n"
        "For it to go on, make another: essaim token create {member} --name …\n"
        "A question: answer this message.\n",
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """Who was told of an end, and who has no address to be told at: they are to be told otherwise."""

    told: tuple[str, ...]
    unreached: tuple[str, ...]
    untold: MailNotSent | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Renewed:
    """A login with a new password: until when the former one is in force, and whether its member could be told."""

    line: str
    member: str
    name: str
    until: str
    told: bool
    untold: MailNotSent | None = None


def renew(store: Store, settings: Settings, act: Act, number: str, member: str | None, days: int) -> Renewed:
    """Renew a password ahead, and tell its member. Raises what `lapsing.renew_ahead` raises."""
    with transaction(store) as session:
        line = lines.find_line(session, number)
        part = (
            lines.holder(line, clock.today(act.at))
            if member is None
            else shares.of_member(session, line, members.find_member(session, member))
        )
        one = lapsing.renew_ahead(session, act, part, days=days)
        mails = _mails(settings, [one], _RENEWED)
        until = str(clock.today(one.former_until)) if one.former_until else ""
        done = Renewed(str(line), str(one.member), one.name, until, bool(mails))
    untold = _sent(settings, act, mails)
    return Renewed(done.line, done.member, done.name, done.until, done.told, untold)


def remind(store: Store, settings: Settings, act: Act) -> Told:
    """Tell every member of whom something ends soon. Run it once a day: nobody is told more than twice.

    What certificates rest on is signed again ahead of its end. The mails go before it is written down that they went:
    cut short between the two, someone is told once more. So is whoever was left without a word on a suggestion.
    """
    unsaid = suggesting.tell_waiting(store, settings, act)
    with transaction(store) as session:
        certificates.keep(session, act)
    with reading(store) as session:
        due = lapsing.to_tell(session, act.at)
        reached = [one for one in due if one.member is not None and one.member.email]
        mails = [mailed for one in reached for mailed in _mails(settings, [one], _words(one))]
        names = [(str(one), one in reached) for one in due]
    untold = _sent(settings, act, mails) or unsaid
    with transaction(store) as session:
        told = {name for name, reached in names if reached}
        lapsing.note_told(session, act, [one for one in lapsing.to_tell(session, act.at) if str(one) in told])
    return Told(tuple(sorted(told)), tuple(name for name, reached in names if not reached), untold)


def _words(one: Lapsing) -> tuple[Phrase, Phrase]:
    if one.kind == CredentialKind.OPENVPN:
        return _CERTIFICATE
    return _TOKEN if one.kind == lapsing.TOKEN else _PASSWORD


def _mails(settings: Settings, ending: Sequence[Lapsing], words: tuple[Phrase, Phrase]) -> list[Mail]:
    subject, text = words
    return [
        Mail(one.member.email, subject.say(language, **facts), text.say(language, **facts))
        for one in ending
        if one.member is not None and one.member.email
        for language in (_language(one.member.language),)
        for facts in (_facts(settings, one),)
    ]


def _facts(settings: Settings, one: Lapsing) -> dict[str, object]:
    return {
        "association": settings.name,
        "line": one.line or "",
        "name": one.name,
        "member": str(one.member),
        "until": clock.today(one.ends) if one.ends else "",
    }


def _sent(settings: Settings, act: Act, mails: Sequence[Mail]) -> MailNotSent | None:
    """Send; what does not go waits in the outbox, and is said."""
    try:
        mail.send(settings, mails, act.at)
    except MailNotSent as untold:
        return untold
    return None


def _language(text: str) -> Language:
    return next((one for one in LANGUAGES if one == text), LANGUAGES[0])
