"""What may be the matter with what opens the line: a certificate, a login, a key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from foundation.speech import Phrase
from monitoring.connections import LastConnection
from monitoring.diagnosis.finding import Finding, Situation, Told
from monitoring.diagnosis.seen import Refusal, Seen

_SLACK: Final = timedelta(minutes=2)
"""A refusal that long before the last connection ended may be of the box that took its place."""

_TICK: Final = timedelta(seconds=1)
"""RADIUS notes whole seconds."""

_SETTINGS: Final = Told(
    Phrase(
        "Retapez dans la box l'identifiant et le mot de passe de la fiche que l'association vous a remise.",
        "Type the login and the password of the sheet that the association gave you into the box again.",
    )
)
_RENEW: Final = Phrase(
    "Remettre sa fiche : essaim line handout {line} --as sheet ; un nouveau mot de passe : essaim line credential "
    "renew {line}",
    "To hand its sheet out: essaim line handout {line} --as sheet; a new password: essaim line credential renew {line}",
)
_REFUSED: Final = Phrase("la box s'est annoncée, RADIUS a refusé", "the box announced itself, RADIUS refused")
_FILE: Final = Told(
    Phrase(
        "Demandez un nouveau fichier de connexion à l'association : l'ancien ne servira plus.",
        "Ask the association for a new connection file: the old one will not serve again.",
    )
)
_HAND_OUT: Final = Phrase(
    "Le remettre : essaim line handout {line} --as ovpn --file …",
    "To hand it out: essaim line handout {line} --as ovpn --file …",
)


def revoked(seen: Seen) -> Finding | None:
    """The certificate that opens the line was taken back."""
    held = seen.certificate
    if held is None or held.revoked_at is None or not seen.quiet:
        return None
    said = Phrase(
        "Le certificat de la ligne a été révoqué : le serveur VPN n'en veut plus.",
        "The line's certificate was revoked: the VPN server takes it no more.",
    )
    why = Told(
        Phrase("certificat {serial} révoqué ({reason})", "certificate {serial} revoked ({reason})"),
        {"serial": held.serial, "reason": held.reason.phrase if held.reason else _UNSAID},
        at=held.revoked_at,
    )
    return Finding(Situation.CERTIFICATE_REVOKED, Told(said), (why,), (_FILE, _handed(seen)))


def expired(seen: Seen) -> Finding | None:
    """The certificate that opens the line is over."""
    held = seen.certificate
    if held is None or held.not_after > seen.at or not seen.quiet:
        return None
    said = Phrase(
        "Le certificat de la ligne a expiré il y a {age} : le serveur VPN n'en veut plus.",
        "The line's certificate expired {age} ago: the VPN server takes it no more.",
    )
    fact = Told(
        Phrase("fin du certificat {serial}", "end of the certificate {serial}"),
        {"serial": held.serial},
        at=held.not_after,
    )
    told = Told(said, {"age": seen.at - held.not_after})
    return Finding(Situation.CERTIFICATE_EXPIRED, told, (fact,), (_FILE, _handed(seen)))


def refused(seen: Seen) -> Finding | None:
    """RADIUS refused the box since the line was last up: a wrong password, another realm, a login that is nobody's.

    An LNS that died says nothing of the sessions that it held, and they count as up for half an hour: a line that does
    not answer and was refused since it connected is none of them.
    """
    told = [one for one in seen.refusals if seen.last is None or one.at >= _counts_from(seen.last)]
    if not seen.quiet or not told:
        return None
    last = max(told, key=lambda one: one.at)
    situation, said, values = _why(last, seen)
    fact = Told(_REFUSED, at=last.at)
    renew = Told(_RENEW, {"line": seen.line}, inside=True)
    return Finding(situation, Told(said, values), (fact,), (_SETTINGS, renew))


def key(seen: Seen) -> Finding | None:
    """Somebody knocks at the WireGuard server and it does not answer: the key that comes is not the one that it knows.

    An opening does not say whose it is: only where it comes from, and that this line has not shaken hands.
    """
    if seen.peer is None or not seen.quiet:
        return None
    if not seen.peer.there:
        return _key_absent(seen)
    if seen.knocks is None or not seen.knocks.unanswered:
        return None
    known = bool(seen.knocks.near)
    said = (
        Phrase(
            "Votre box frappe à la porte avec une clé que le serveur VPN ne connaît pas.",
            "Your box knocks at the door with a key that the VPN server does not know.",
        )
        if known
        else Phrase(
            "Quelqu'un frappe à la porte du serveur VPN avec une clé qu'il ne connaît pas : c'est peut-être votre box.",
            "Somebody knocks at the VPN server's door with a key that it does not know: perhaps your box.",
        )
    )
    facts = (
        Told(
            Phrase(
                "ouvertures restées sans réponse en {seconds} s d'écoute : {count}",
                "openings left unanswered while we listened for {seconds} s: {count}",
            ),
            {"count": seen.knocks.unanswered, "seconds": seen.knocks.seconds},
            at=seen.at,
        ),
        *_handshake(seen),
    )
    tries = (
        Told(
            Phrase(
                "Comparez la clé publique de votre box (wg show) avec celle qui est inscrite chez nous ; pour en "
                "changer, écrivez "
                "à l'association.",
                "Compare your box's public key (wg show) with the one that we hold; to change that, write to the "
                "association.",
            )
        ),
        Told(
            Phrase(
                "Inscrire sa nouvelle clé : essaim line credential renew {line} --key …, puis essaim change plan",
                "To take their new key: essaim line credential renew {line} --key …, then essaim change plan",
            ),
            {"line": seen.line},
            inside=True,
        ),
    )
    return Finding(Situation.KEY_NOT_OURS, Told(said), facts, tries)


def _counts_from(last: LastConnection) -> datetime:
    """From when a refusal says why the line is not connected now."""
    return last.since + _TICK if last.until is None else last.until - _SLACK


_UNSAID: Final = Phrase("raison non dite", "reason unsaid")


def _why(last: Refusal, seen: Seen) -> tuple[Situation, Phrase, dict[str, object]]:
    """What is wrong with a login that was refused: where we know it, its password is."""
    if last.login in seen.logins:
        return (
            Situation.WRONG_PASSWORD,
            Phrase(
                "La box envoie un mauvais mot de passe : nous l'avons refusée.",
                "The box sends a wrong password: we refused it.",
            ),
            {},
        )
    user, _, realm = last.login.partition("@")
    right = next((one for one in seen.logins if one.partition("@")[0] == user), None)
    if right is not None:
        return (
            Situation.WRONG_REALM,
            Phrase(
                "La box envoie le bon identifiant avec un mauvais domaine : « @{realm} » au lieu de « @{right} ».",
                "The box sends the right login with a wrong realm: “@{realm}” in the place of “@{right}”.",
            ),
            {"realm": realm[:40], "right": right.partition("@")[2]},
        )
    return (
        Situation.UNKNOWN_LOGIN,
        Phrase(
            "La box envoie un identifiant que nous ne connaissons pas : nous l'avons refusée.",
            "The box sends a login that we do not know: we refused it.",
        ),
        {},
    )


def _key_absent(seen: Seen) -> Finding:
    said = Phrase(
        "La clé de la ligne n'est pas encore sur le serveur VPN : elle n'a pas été apportée, ou a été retirée.",
        "The line's key is not on the VPN server: it was not brought there yet, or was taken away.",
    )
    fact = Told(Phrase("clé absente du serveur", "key absent from the server"), at=seen.at)
    plan = Told(
        Phrase(
            "L'y apporter : essaim change plan --line {line}", "To bring it there: essaim change plan --line {line}"
        ),
        {"line": seen.line},
        inside=True,
    )
    return Finding(Situation.KEY_NOT_OURS, Told(said), (fact,), (plan,))


def _handshake(seen: Seen) -> tuple[Told, ...]:
    if seen.peer is None or seen.peer.handshake is None:
        return (Told(Phrase("la clé inscrite n'a jamais servi", "the key that we hold never served")),)
    return (
        Told(
            Phrase("dernière poignée de main de la clé inscrite", "last handshake of the key that we hold"),
            at=seen.peer.handshake,
        ),
    )


def _handed(seen: Seen) -> Told:
    return Told(_HAND_OUT, {"line": seen.line}, inside=True)
