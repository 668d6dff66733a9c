"""What may be the matter at the member's: the box, what lies before it, what it is set to; or nothing at all."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase
from monitoring.connections import SILENT
from monitoring.diagnosis.finding import Finding, Situation, Told
from monitoring.diagnosis.seen import Complaint, Health, Part, Seen

BY_THE_BOX: Final = frozenset(
    {SILENT, "User-Request", "Lost-Carrier", "Lost-Service", "Idle-Timeout", "User-Error", "Admin-Reset"}
)
"""Ends of a connection that say that the box is gone. l2tpns says Admin-Reset of one that hangs up."""

_PLUG: Final = Told(
    Phrase(
        "Vérifiez que la box est branchée, attendez deux minutes, puis débranchez-la et rebranchez-la une fois.",
        "Check that the box is plugged in, wait for two minutes, then unplug it and plug it in again once.",
    )
)
_CABLE: Final = Told(
    Phrase(
        "Regardez le voyant de la ligne (DSL, fibre, WAN) : éteint ou clignotant, vérifiez le câble jusqu'à la prise.",
        "Look at the line's light (DSL, fibre, WAN): off or blinking, check the cable up to the socket.",
    )
)
_TICKET: Final = Phrase("Ouvrir un ticket : essaim ticket open {line}", "To open a ticket: essaim ticket open {line}")
_NAMES: Final = Told(
    Phrase(
        "Si rien ne s'ouvre par son nom mais que le reste passe, redemandez en le disant (case « les noms »).",
        "If nothing opens by its name while the rest passes, ask again and say so (the box “names”).",
    )
)


def blocked(seen: Seen) -> Finding | None:
    """A WireGuard line has never shaken hands and nothing comes, or our answers do not arrive: who can tell which."""
    if seen.peer is None or not seen.peer.there or not seen.quiet or seen.knocks is None:
        return None
    if seen.last is not None and not seen.knocks.answered:
        return None  # it worked before: a box that is off is the likelier
    heard = seen.knocks.answered > 0
    said = (
        Phrase(
            "La box frappe à la porte et nous répondons, mais rien n'aboutit : les réponses semblent bloquées en "
            "chemin.",
            "The box knocks and we answer, but nothing comes of it: the answers seem blocked on the way.",
        )
        if heard
        else Phrase(
            "Rien n'arrive de chez vous jusqu'au serveur VPN : le chemin est peut-être bloqué (UDP), l'adresse du "
            "serveur "
            "fausse, ou la box éteinte. D'ici, les trois se ressemblent.",
            "Nothing comes from you to the VPN server: the way may be blocked (UDP), the server's address wrong, or "
            "the "
            "box off. From here the three look alike.",
        )
    )
    fact = Told(
        Phrase(
            "jamais de poignée de main ; ouvertures en {seconds} s d'écoute : {count}",
            "never a handshake; openings while we listened for {seconds} s: {count}",
        ),
        {"count": seen.knocks.answered, "seconds": seen.knocks.seconds},
        at=seen.at,
    )
    tries = (
        Told(
            Phrase(
                "Essayez depuis un autre réseau (le partage d'un téléphone) : si cela marche, c'est le premier qui "
                "bloque.",
                "Try from another network (a telephone's): if that works, it is the first one that blocks.",
            )
        ),
        Told(
            Phrase(
                "Comparez l'adresse du serveur (Endpoint) avec celle de votre fiche.",
                "Compare the server's address (Endpoint) with the one on your sheet.",
            )
        ),
    )
    return Finding(Situation.ENDPOINT_BLOCKED, Told(said), (fact,), tries)


def unplugged(seen: Seen) -> Finding | None:
    """It was connected, and the box is what went away."""
    if seen.up or seen.last is None or seen.last.until is None or seen.last.cause not in BY_THE_BOX:
        return None
    said = (
        Phrase(
            "La box ne répond plus depuis {age}. Les autres lignes vont bien : elle est sans doute débranchée.",
            "The box has not answered for {age}. The other lines are well: it is most likely unplugged.",
        )
        if seen.others.up
        else Phrase(
            "La box ne répond plus depuis {age} : elle est sans doute débranchée.",
            "The box has not answered for {age}: it is most likely unplugged.",
        )
    )
    facts = (Told(Phrase("dernière connexion perdue", "last connection lost"), at=seen.last.until), *_others(seen))
    return Finding(Situation.UNPLUGGED, Told(said, {"age": seen.at - seen.last.until}), facts, (_PLUG, _CABLE))


def alone_down(seen: Seen) -> Finding | None:
    """It is not connected, nobody refused it, and the lines beside it are well: something before our door."""
    if seen.up or not seen.others.up:
        return None
    said = Phrase(
        "Les autres lignes vont bien, celle-ci n'arrive pas jusqu'à nous : cherchons entre la box et nous.",
        "The other lines are well, this one does not reach us: let us look between the box and us.",
    )
    facts = (*_last(seen), *_others(seen))
    return Finding(Situation.ALONE_DOWN, Told(said), facts, (_CABLE, _PLUG, *_ticket(seen)))


def unknown(seen: Seen) -> Finding | None:
    """It is not connected, and nothing says why."""
    if seen.up:
        return None
    said = Phrase(
        "La ligne n'est pas connectée, et rien de ce que nous voyons ne dit pourquoi.",
        "The line is not connected, and nothing that we see says why.",
    )
    return Finding(Situation.UNKNOWN, Told(said), _last(seen), (_CABLE, _PLUG, *_ticket(seen)))


def no_ipv6(seen: Seen) -> Finding | None:
    """IPv4 passes, IPv6 does not: no road to it on our machine, or the box does not take it."""
    if not seen.up or seen.reach.ipv4 is not True or (seen.reach.ipv6 is not False and seen.reach.route6 is not False):
        return None
    ours = seen.reach.route6 is False
    said = (
        Phrase(
            "IPv4 passe, mais aucune route IPv6 ne mène à la ligne : la box n'a pas demandé son préfixe, ou il s'est "
            "perdu.",
            "IPv4 passes, but no IPv6 route leads to the line: the box did not ask for its prefix, or it was lost.",
        )
        if ours
        else Phrase(
            "IPv4 passe, mais IPv6 ne revient pas de la box : il manque une route IPv6 chez vous.",
            "IPv4 passes, but IPv6 does not come back from the box: an IPv6 route is missing at your end.",
        )
    )
    fact = Told(
        Phrase("pas de route vers le préfixe IPv6 de la ligne", "no route to the line's IPv6 prefix")
        if ours
        else Phrase("la box répond en IPv4, pas en IPv6", "the box answers over IPv4, not over IPv6"),
        at=seen.at,
    )
    tries = (
        Told(
            Phrase(
                "Dans la box, activez IPv6 et la délégation de préfixe (DHCPv6-PD) ; pour WireGuard, AllowedIPs doit "
                "contenir ::/0.",
                "In the box, enable IPv6 and prefix delegation (DHCPv6-PD); for WireGuard, AllowedIPs must hold ::/0.",
            )
        ),
    )
    return Finding(Situation.NO_IPV6_ROUTE, Told(said), (fact,), tries)


def too_large(seen: Seen) -> Finding | None:
    """Small packets pass, those as large as the line says it takes do not."""
    if not seen.up or seen.reach.ipv4 is not True or seen.reach.full is not False:
        return None
    said = Phrase(
        "Les petits paquets passent, les grands se perdent : la taille réglée (MTU {mtu}) est trop grande pour le "
        "chemin.",
        "Small packets pass, large ones are lost: the size that is set (MTU {mtu}) is too large for the way.",
    )
    fact = Told(
        Phrase(
            "un paquet de {mtu} octets n'est pas revenu, un petit oui",
            "a packet of {mtu} octets did not come back, a small one did",
        ),
        {"mtu": seen.mtu},
        at=seen.at,
    )
    tries = (
        Told(
            Phrase(
                "Réglez la MTU de la box sur {mtu}, et limitez la taille des paquets TCP (MSS clamping).",
                "Set the box's MTU to {mtu}, and clamp the size of TCP packets (MSS).",
            ),
            {"mtu": max(seen.mtu - 40, 1280)},
        ),
        Told(
            Phrase(
                "L'écrire ici : essaim line change {line} --mtu {mtu}",
                "To write it here: essaim line change {line} --mtu {mtu}",
            ),
            {"line": seen.line, "mtu": max(seen.mtu - 40, 1280)},
            inside=True,
        ),
    )
    return Finding(Situation.MTU_TOO_LARGE, Told(said, {"mtu": seen.mtu}), (fact,), tries)


def own_dns(seen: Seen) -> Finding | None:
    """Names do not answer at the member's, while the line is well and our resolvers, if any, answer."""
    if not seen.up or seen.complaint is not Complaint.NAMES:
        return None
    said = Phrase(
        "La ligne va bien, ce sont les noms qui ne répondent pas : le résolveur (DNS) réglé chez vous ne marche pas.",
        "The line is well, it is names that do not answer: the resolver (DNS) that is set at your end does not work.",
    )
    ours = [one for one in seen.running if one.part is Part.RESOLVER and one.health is Health.UP]
    facts = (
        *_carried(seen),
        *((Told(Phrase("nos résolveurs répondent", "our resolvers answer"), at=seen.at),) if ours else ()),
    )
    tries = (
        Told(
            Phrase(
                "Dans la box ou l'ordinateur, remettez les serveurs DNS « automatiques », ou ceux de votre fiche.",
                "In the box or the computer, set the DNS servers to “automatic” again, or to those on your sheet.",
            )
        ),
    )
    return Finding(Situation.OWN_DNS, Told(said), facts, tries)


def well(seen: Seen) -> Finding | None:
    """Nothing is the matter as far as we see."""
    if not seen.up:
        return None
    if seen.reach.ipv4 is False:
        said, facts = _QUIET, (*_carried(seen), Told(_NO_ECHO, at=seen.at))
    else:
        said, facts = _ANSWERS if seen.reach.ipv4 else _IN_SERVICE, _carried(seen)
    tries = (
        Told(
            Phrase(
                "Si cela ne marche pas chez vous, essayez par câble, sur un autre appareil : le Wi-Fi est le plus "
                "souvent en cause.",
                "If it does not work at your end, try by cable, on another device: the Wi-Fi is most often to blame.",
            )
        ),
        _NAMES,
    )
    return Finding(Situation.WELL, Told(said), facts, tries)


_ANSWERS: Final = Phrase(
    "Tout va bien jusqu'à la box : elle est connectée et elle répond.",
    "All is well up to the box: it is connected and it answers.",
)
_IN_SERVICE: Final = Phrase(
    "Tout va bien jusqu'à la box : la ligne est en service.",
    "All is well up to the box: the line is in service.",
)
_QUIET: Final = Phrase(
    "La ligne est en service d'après ce que nous voyons, mais la box ne répond pas : certaines se taisent. Si tout "
    "vient "
    "de s'arrêter, redemandez dans trois minutes.",
    "The line is in service as far as we see, but the box does not answer: some keep silent. If all has just stopped, "
    "ask again in three minutes.",
)
_NO_ECHO: Final = Phrase("pas de réponse en IPv4", "no answer over IPv4")


def _carried(seen: Seen) -> tuple[Told, ...]:
    """Since when it is connected, and what it answered."""
    facts = []
    if seen.last is not None and seen.last.until is None:
        facts.append(Told(Phrase("début de la connexion", "beginning of the connection"), at=seen.last.since))
    if seen.reach.ipv4:
        facts.append(
            Told(Phrase("réponse en IPv4", "an answer over IPv4"), at=seen.at)
            if not seen.reach.ipv6
            else Told(Phrase("réponse en IPv4 et en IPv6", "an answer over IPv4 and IPv6"), at=seen.at)
        )
    return (*facts, *_echoes(seen))


def _echoes(seen: Seen) -> tuple[Told, ...]:
    """What was measured of the last hour, where the member agreed to that and something did come back."""
    said = Phrase("mesuré depuis une heure, {told}", "measured in the last hour, {told}")
    return tuple(Told(said, {"told": one.said}, at=seen.at) for one in seen.echoes if one.median is not None)


def _last(seen: Seen) -> tuple[Told, ...]:
    if seen.last is None:
        return (Told(Phrase("jamais vue connectée", "never seen connected")),)
    return (Told(Phrase("dernière connexion perdue", "last connection lost"), at=seen.last.until),)


def _others(seen: Seen) -> tuple[Told, ...]:
    said = Phrase("lignes en service à côté : {count}", "lines in service beside it: {count}")
    return (Told(said, {"count": seen.others.up}, at=seen.at, inside=True),) if seen.others.up else ()


def _ticket(seen: Seen) -> tuple[Told, ...]:
    return (Told(_TICKET, {"line": seen.line}, inside=True),) if seen.wholesaler is not None else ()
