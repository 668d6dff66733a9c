"""How the first sentence of each situation begins, in French and in English."""

from __future__ import annotations

from typing import TypeAlias

from monitoring.diagnosis.finding import Finding, Situation

Beginning: TypeAlias = str | tuple[str, ...]
"""One, or several of which it is one."""

BEGINNINGS: dict[Situation, tuple[Beginning, Beginning]] = {
    Situation.WELL: ("Tout va bien jusqu'à la box", "All is well up to the box"),
    Situation.UNPLUGGED: ("La box ne répond plus depuis", "The box has not answered for"),
    Situation.WRONG_PASSWORD: ("La box envoie un mauvais mot de passe", "The box sends a wrong password"),
    Situation.UNKNOWN_LOGIN: ("La box envoie un identifiant que", "The box sends a login that we do not know"),
    Situation.WRONG_REALM: (
        "La box envoie le bon identifiant avec un mauvais domaine",
        "The box sends the right login with",
    ),
    Situation.CERTIFICATE_EXPIRED: ("Le certificat de la ligne a expiré", "The line's certificate expired"),
    Situation.CERTIFICATE_REVOKED: ("Le certificat de la ligne a été révoqué", "The line's certificate was revoked"),
    Situation.LIST_EXPIRED: (
        "La panne est chez nous : la liste des certificats révoqués a expiré",
        "The fault is ours: the list of revoked certificates has expired",
    ),
    Situation.KEY_NOT_OURS: (
        ("Votre box frappe à la porte avec une clé", "Quelqu'un frappe à la porte du serveur VPN avec une clé"),
        ("Your box knocks at the door with a key", "Somebody knocks at the VPN server's door with a key"),
    ),
    Situation.ENDPOINT_BLOCKED: (
        "Rien n'arrive de chez vous jusqu'au serveur VPN",
        "Nothing comes from you to the VPN",
    ),
    Situation.NO_IPV6_ROUTE: ("IPv4 passe, mais IPv6 ne revient pas", "IPv4 passes, but IPv6 does not come back"),
    Situation.MTU_TOO_LARGE: (
        "Les petits paquets passent, les grands se perdent",
        "Small packets pass, large ones are lost",
    ),
    Situation.OWN_DNS: ("La ligne va bien, ce sont les noms", "The line is well, it is names that"),
    Situation.SUSPENDED: ("La ligne est suspendue", "The line is suspended"),
    Situation.NOT_DELIVERED: ("La ligne n'est pas encore livrée", "The line is not delivered yet"),
    Situation.CLOSING: ("La ligne est en cours de fermeture", "The line is being closed"),
    Situation.LNS_DOWN: (
        "La panne est chez nous : le serveur qui termine les lignes (LNS) ne tourne plus.",
        "The fault is ours: the server that ends the lines (LNS) does not run any more.",
    ),
    Situation.RADIUS_DOWN: (
        "La panne est chez nous : le serveur qui vérifie les identifiants (RADIUS) ne tourne plus.",
        "The fault is ours: the server that checks logins (RADIUS) does not run any more.",
    ),
    Situation.VPN_DOWN: (
        "La panne est chez nous : le serveur VPN ne tourne plus.",
        "The fault is ours: the VPN server does not run any more.",
    ),
    Situation.TRANSIT_DOWN: ("La panne est entre nous et Internet", "The fault lies between us and the Internet"),
    Situation.NOT_ANNOUNCED: (
        "La panne est chez nous : Internet ne sait pas que vos adresses",
        "The fault is ours: the Internet does not know that your addresses",
    ),
    Situation.WHOLESALER_DOWN: ("La panne est chez l'opérateur qui", "The fault is with the operator that"),
    Situation.CRUSHED: ("La ligne de cuivre a disparu", "The copper line vanished"),
    Situation.ALONE_DOWN: ("Les autres lignes vont bien, celle-ci", "The other lines are well, this one"),
    Situation.CHANGED: ("Nous avons changé quelque chose sur la machine", "We changed something on the line's machine"),
    Situation.WORKS: ("Travaux en cours", "Works under way"),
}


def said_rightly(first: Finding) -> bool:
    """Whether a finding begins as its situation does, in both languages."""
    french, english = BEGINNINGS[first.situation]
    said = (first.said.say("fr").replace("\N{NO-BREAK SPACE}", " "), first.said.say("en"))
    return said[0].startswith(french) and said[1].startswith(english)
