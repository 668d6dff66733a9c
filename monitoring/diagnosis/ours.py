"""What may be the matter on our side: works, the state of the line, our machines, the roads to the Internet."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase
from inventory.models.lines import LineState
from monitoring.diagnosis.finding import Finding, Situation, Told
from monitoring.diagnosis.seen import RECENT, Health, Notice, Part, Running, Seen, Touched

_WAIT: Final = Told(
    Phrase(
        "Rien à faire chez vous : la ligne revient d'elle-même, sans toucher à la box.",
        "Nothing to do at home: the line comes back by itself, without touching the box.",
    )
)
_LEAVE_IT: Final = Told(
    Phrase(
        "Ne redémarrez pas une box qui est encore connectée : elle ne pourrait pas revenir.",
        "Do not restart a box that is still connected: it could not come back.",
    )
)
_INCIDENT: Final = Told(
    Phrase(
        'Le dire aux membres : essaim incident open "…" --on device:{machine}',
        'To tell members: essaim incident open "…" --on device:{machine}',
    ),
    inside=True,
)
_ASK: Final = Told(
    Phrase(
        "Si ce n'est pas ce que vous attendiez, écrivez à l'association.",
        "If you did not expect this, write to the association.",
    )
)

_STATES: Final[dict[LineState, tuple[Situation, Phrase]]] = {
    LineState.REQUESTED: (
        Situation.NOT_DELIVERED,
        Phrase(
            "La ligne n'est pas encore livrée : elle est demandée, pas encore commandée.",
            "The line is not delivered yet: it is requested, and not yet ordered.",
        ),
    ),
    LineState.ORDERED: (
        Situation.NOT_DELIVERED,
        Phrase(
            "La ligne n'est pas encore livrée : elle est en commande.",
            "The line is not delivered yet: it is on order.",
        ),
    ),
    LineState.SUSPENDED: (
        Situation.SUSPENDED,
        Phrase(
            "La ligne est suspendue : ses adresses sont gardées, les connexions sont refusées.",
            "The line is suspended: its addresses are kept, connections are refused.",
        ),
    ),
    LineState.CLOSING: (
        Situation.CLOSING,
        Phrase(
            "La ligne est en cours de fermeture : elle peut s'arrêter à tout moment.",
            "The line is being closed: it may stop at any moment.",
        ),
    ),
    LineState.CLOSED: (Situation.CLOSED, Phrase("La ligne est fermée.", "The line is closed.")),
    LineState.CANCELLED: (
        Situation.CLOSED,
        Phrase("La ligne a été annulée avant sa livraison.", "The line was cancelled before it was delivered."),
    ),
}
_STATE_SINCE: Final = Phrase("elle est entrée dans cet état", "it came into this state")
_DELIVERY: Final = Told(
    Phrase(
        "Où en est la commande : essaim order list --line {line}",
        "How the order stands: essaim order list --line {line}",
    ),
    inside=True,
)

_DOWN: Final[dict[Part, tuple[Situation, Phrase, Phrase]]] = {
    Part.LNS: (
        Situation.LNS_DOWN,
        Phrase(
            "La panne est chez nous : le serveur qui termine les lignes (LNS) ne tourne plus.",
            "The fault is ours: the server that ends the lines (LNS) does not run any more.",
        ),
        Phrase(
            "Le serveur qui termine les lignes (LNS) ne nous répond pas : la panne est sans doute chez nous.",
            "The server that ends the lines (LNS) does not answer us: the fault is most likely ours.",
        ),
    ),
    Part.RADIUS: (
        Situation.RADIUS_DOWN,
        Phrase(
            "La panne est chez nous : le serveur qui vérifie les identifiants (RADIUS) ne tourne plus.",
            "The fault is ours: the server that checks logins (RADIUS) does not run any more.",
        ),
        Phrase(
            "Le serveur qui vérifie les identifiants (RADIUS) ne nous répond pas : la panne est sans doute chez nous.",
            "The server that checks logins (RADIUS) does not answer us: the fault is most likely ours.",
        ),
    ),
    Part.WIREGUARD: (
        Situation.VPN_DOWN,
        Phrase(
            "La panne est chez nous : le serveur VPN ne tourne plus.",
            "The fault is ours: the VPN server does not run any more.",
        ),
        Phrase(
            "Le serveur VPN ne nous répond pas : la panne est sans doute chez nous.",
            "The VPN server does not answer us: the fault is most likely ours.",
        ),
    ),
    Part.RESOLVER: (
        Situation.RESOLVER_DOWN,
        Phrase(
            "La panne est chez nous : notre résolveur de noms (DNS) ne répond plus.",
            "The fault is ours: our name resolver (DNS) does not answer any more.",
        ),
        Phrase(
            "Notre résolveur de noms (DNS) ne nous répond pas : la panne est sans doute chez nous.",
            "Our name resolver (DNS) does not answer us: the fault is most likely ours.",
        ),
    ),
}
_DOWN[Part.OPENVPN] = _DOWN[Part.WIREGUARD]


def works(seen: Seen) -> Finding | None:
    """Works or an incident are under way."""
    return next((_noticed(one) for one in seen.works if one.under_way), None)


def works_ahead(seen: Seen) -> Finding | None:
    """Works are announced: beside whatever else there is."""
    return next((_noticed(one) for one in seen.works if not one.under_way), None)


def state(seen: Seen) -> Finding | None:
    """The line is in a state in which it does not work, or not for long."""
    if seen.state not in _STATES:
        return None
    situation, phrase = _STATES[seen.state]
    tries = (_DELIVERY,) if situation is Situation.NOT_DELIVERED else ()
    tried = tuple(Told(one.phrase, {"line": seen.line}, inside=True) for one in tries)
    return Finding(situation, Told(phrase), (Told(_STATE_SINCE, at=seen.state_since),), (*tried, _ASK))


def machines(seen: Seen) -> Finding | None:
    """A machine that serves the line does not do its part. One that cannot be asked harms no line that is up."""
    for one in seen.running:
        if one.health is Health.DOWN or (one.health is Health.SILENT and not seen.up):
            return _fallen(one, seen)
    return None


def list_expired(seen: Seen) -> Finding | None:
    """The server's list of revoked certificates is over: OpenVPN then refuses everybody."""
    if seen.list_ends is None or seen.list_ends > seen.at:
        return None
    said = Phrase(
        "La panne est chez nous : la liste des certificats révoqués a expiré, le serveur VPN refuse tout le monde.",
        "The fault is ours: the list of revoked certificates has expired, the VPN server refuses everybody.",
    )
    fact = Told(Phrase("fin de la liste", "end of the list"), at=seen.list_ends)
    renew = Told(
        Phrase(
            "La signer de nouveau, puis l'apporter au serveur : essaim change plan",
            "To sign it again, then bring it to the server: essaim change plan",
        ),
        inside=True,
    )
    return Finding(Situation.LIST_EXPIRED, Told(said), (fact,), (_WAIT, renew))


def transit(seen: Seen) -> Finding | None:
    """A road to the Internet is closed, the last one or one of several."""
    fallen = [one for one in seen.transits if not one.up]
    if not fallen:
        return None
    first = fallen[0]
    open_still = any(one.up and one.version == first.version for one in seen.transits)
    said = (
        Phrase(
            "Un de nos transits, {name}, est coupé : tout passe par un autre chemin, peut-être plus lentement.",
            "One of our transits, {name}, is down: all goes by another road, perhaps more slowly.",
        )
        if open_still
        else Phrase(
            "La panne est entre nous et Internet : notre transit, {name}, est coupé.",
            "The fault lies between us and the Internet: our transit, {name}, is down.",
        )
    )
    facts = tuple(
        Told(
            Phrase(
                "{machine} : session BGP avec {name} (IPv{version}) fermée",
                "{machine}: BGP session with {name} (IPv{version}) closed",
            ),
            {"machine": one.machine, "name": one.name, "version": one.version},
            at=seen.at,
            inside=True,
        )
        for one in fallen
    )
    call = Told(Phrase("Appeler {name}.", "Call {name}."), {"name": first.name}, inside=True)
    return Finding(Situation.TRANSIT_DOWN, Told(said, {"name": first.name}), facts, (_WAIT, call))


def announced(seen: Seen) -> Finding | None:
    """The line's addresses are told to no transit: nothing comes back to them."""
    kept = [one for one in seen.announced if not one.told]
    if not kept:
        return None
    said = Phrase(
        "La panne est chez nous : Internet ne sait pas que vos adresses ({prefix}) sont ici.",
        "The fault is ours: the Internet does not know that your addresses ({prefix}) are here.",
    )
    facts = tuple(
        Told(
            Phrase("aucun de nos routeurs n'annonce {prefix}", "no router of ours announces {prefix}"),
            {"prefix": one.prefix},
            at=seen.at,
        )
        for one in kept
    )
    look = Told(
        Phrase(
            "Voir ce qui doit être annoncé, et ce qui diffère : essaim aggregate list, puis essaim change plan",
            "To see what is to be announced, and what differs: essaim aggregate list, then essaim change plan",
        ),
        inside=True,
    )
    return Finding(Situation.NOT_ANNOUNCED, Told(said, {"prefix": kept[0].prefix}), facts, (_WAIT, look))


def changed(seen: Seen) -> Finding | None:
    """The line fell as a change was applied on its machine, within the hour."""
    fell = seen.down_since
    if seen.up or fell is None:
        return None
    around = [one for one in seen.changes if seen.at - RECENT <= one.at <= seen.at and abs(fell - one.at) <= _AROUND]
    latest = max(around, key=lambda one: (one.named, one.at), default=None)
    return None if latest is None else _touched(latest, seen)


_AROUND: Final = RECENT / 6
"""A change cuts a little before it is recorded as applied, and a line may be seen to fall a little after."""


def _noticed(one: Notice) -> Finding:
    fact = Told(Phrase("début de {number}", "beginning of {number}"), {"number": one.number}, at=one.since)
    return Finding(Situation.WORKS, Told(one.said), (fact,), (_WAIT,) if one.under_way else ())


def _fallen(one: Running, seen: Seen) -> Finding:
    situation, stopped, silent = _DOWN[one.part]
    phrase = stopped if one.health is Health.DOWN else silent
    fact = Told(
        Phrase("{machine} : {part}, pas en marche", "{machine}: {part}, not running")
        if one.health is Health.DOWN
        else Phrase("{machine} ne répond pas ({part})", "{machine} does not answer ({part})"),
        {"machine": one.machine, "part": one.part.phrase},
        at=seen.at,
        inside=True,
    )
    mend = Told(
        Phrase("Regarder sur {machine} : systemctl status {unit}", "To look on {machine}: systemctl status {unit}"),
        {"machine": one.machine, "unit": _UNITS[one.part]},
        inside=True,
    )
    told = Told(_INCIDENT.phrase, {"machine": one.machine}, inside=True)
    wait = _LEAVE_IT if one.part is Part.RADIUS else _WAIT
    return Finding(situation, Told(phrase), (fact,), (wait, mend, told))


_UNITS: Final = {
    Part.LNS: "l2tpns",
    Part.RADIUS: "freeradius",
    Part.WIREGUARD: "wg-quick@wg0",
    Part.OPENVPN: "openvpn-server@essaim",
    Part.RESOLVER: "unbound",
}


def _touched(one: Touched, seen: Seen) -> Finding:
    said = Phrase(
        "Nous avons changé quelque chose sur la machine de la ligne il y a {age}, et elle n'est plus connectée depuis.",
        "We changed something on the line's machine {age} ago, and it has not been connected since.",
    )
    fact = Told(
        Phrase("{number} appliqué sur {machine}", "{number} applied on {machine}"),
        {"number": one.number, "machine": one.machine},
        at=one.at,
        inside=True,
    )
    tries = (
        Told(
            Phrase(
                "Redémarrez la box une fois : elle reprendra ses réglages.",
                "Restart the box once: it takes its settings anew.",
            )
        ),
        Told(
            Phrase(
                "Le remettre comme avant : essaim change revert {number}",
                "To put it back: essaim change revert {number}",
            ),
            {"number": one.number},
            inside=True,
        ),
    )
    return Finding(Situation.CHANGED, Told(said, {"age": seen.at - one.at}), (fact,), tries)
