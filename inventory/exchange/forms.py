"""The columns of our own files, by noun: what they are called in English and French, and which hold days.

A file that Essaim writes has the English names, in this order; one that people write may have them in any order, in
either language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inventory.exchange.cells import synonyms


@dataclass(frozen=True, slots=True)
class Form:
    """A noun's file: `columns` are what is written, `known` what is understood, `days` the fields that hold days."""

    noun: str
    columns: tuple[str, ...]
    known: dict[str, str]
    days: tuple[str, ...]


def _form(noun: str, columns: dict[str, str], days: str, more: dict[str, str] | None = None) -> Form:
    return Form(noun, tuple(columns), synonyms({**columns, **(more or {})}), tuple(days.split()))


MEMBERS: Final = _form(
    "members",
    {
        "number": "numéro|n°|num|n° de membre|numéro de membre|member|membre",
        "name": "nom|nom d'usage|nom complet|full name|dénomination|raison sociale|nom de famille|last name",
        "organisation": "organization|organisme|personne morale|est une organisation|structure",
        "email": "e-mail|mail|courriel|adresse e-mail|adresse mail|adresse électronique|email address",
        "language": "langue|lang",
        "status": "statut|état|state",
        "joined": "adhésion|date d'adhésion|membre depuis|inscription|date d'inscription|joined on|member since",
        "left": "départ|date de départ|parti le|sortie|left on|démission|date de démission",
        "left_why": "raison du départ|motif|motif de départ|why|reason",
        "postal": "adresse|adresse postale|postal address|address",
        "phones": "téléphone|tél|tel|téléphones|phone|phone number|portable|mobile",
        "memberships": "adhésions|périodes|périodes d'adhésion",
    },
    "joined left since until",
    {
        "first": "prénom|first name|prénoms",
        "kind": "type|type d'adhésion|catégorie|kind|category|membership kind",
        "since": "adhésion du|du|début|début d'adhésion|from",
        "until": "adhésion au|au|fin|fin d'adhésion|to|échéance",
        "reference": "référence|réf|id|identifiant|key|clé",
    },
)

LINES: Final = _form(
    "lines",
    {
        "number": "numéro|n°|num|ligne|line|n° de ligne|numéro de ligne",
        "offer": "offre|formule|produit|product",
        "state": "état|statut|status",
        "device": "machine|serveur|concentrateur|server",
        "nd": "numéro de désignation|téléphone de la ligne",
        "insee": "code insee|commune",
        "pto": "prise|prise optique",
        "building": "immeuble|imb",
        "operator": "opérateur d'immeuble|oi",
        "vlan": "vlans",
        "mtu": "",
        "place": "lieu|adresse d'installation|adresse de la ligne|installation address",
        "states": "états|historique|history",
        "member": "membre|adhérent|titulaire|holder|n° de membre|numéro de membre|member number",
        "weight": "poids|parts",
        "weights": "poids successifs",
        "since": "depuis|du|début|date de début|from|ouverture|date d'ouverture",
        "until": "jusqu'au|au|fin|date de fin|to|fermeture|date de fermeture",
        "holds_since": "titulaire depuis",
        "credentials": "identifiants de connexion|accès",
    },
    "since until holds_since",
    {
        "login": "identifiant|utilisateur|user|username|login ppp",
        "password": "mot de passe|mdp|secret",
        "key": "clé|clé publique|clé wireguard|public key|wireguard key",
        "preshared": "clé partagée|preshared key|psk",
        "addresses": "adresses|adresse ip|ip",
        "ipv4": "adresse ipv4|v4|ip v4",
        "ipv6": "adresse ipv6|v6|ip v6|préfixe ipv6|ipv6 prefix",
        "reference": "référence|réf|id",
    },
)

ADDRESSES: Final = _form(
    "addresses",
    {
        "prefix": "préfixe|adresse|adresse ip|ip|address|ip address|réseau|network",
        "role": "rôle|usage",
        "line": "ligne|n° de ligne|numéro de ligne",
        "member": "membre|adhérent|n° de membre|numéro de membre",
        "device": "machine|équipement",
        "interface": "",
        "peer": "en face|autre bout",
        "note": "remarque|commentaire|comment",
        "since": "depuis|du|début|from",
        "until": "jusqu'au|au|fin|to",
    },
    "since until",
)

DEVICES: Final = _form(
    "devices",
    {
        "name": "nom|machine",
        "role": "rôle|fonction",
        "platform": "plateforme|système|os",
        "shape": "forme|modèle|model|type",
        "site": "lieu|emplacement|location",
        "owner": "propriétaire|membre|member|à qui",
        "management": "adresse d'administration|administration|management address|ip",
        "endpoint": "point d'entrée|adresse publique",
        "public_key": "clé publique|public key",
        "asn": "as|numéro d'as",
        "contact": "contact d'urgence|emergency contact",
        "watts": "puissance|puissance déclarée|power",
        "snmp_agreed": "snmp|snmp autorisé",
        "serial": "numéro de série|n° de série|serial number",
        "description": "",
        "since": "depuis|arrivée|du|from",
        "until": "jusqu'au|départ|au|to",
        "interfaces": "",
    },
    "since until",
)

SITES: Final = _form(
    "sites",
    {"name": "nom|lieu|site", "description": "", "address": "adresse|adresse postale"},
    "",
)

POOLS: Final = _form(
    "pools",
    {
        "name": "nom|pool",
        "prefix": "préfixe|réseau|network",
        "handed": "longueur donnée|longueur|length",
        "purpose": "usage|but",
        "note": "remarque|commentaire|comment",
        "automatic": "automatique",
        "quarantine_days": "quarantaine|jours de quarantaine|quarantine",
        "device": "machine",
        "site": "lieu",
    },
    "",
)

OFFERS: Final = _form(
    "offers",
    {
        "name": "nom|offre|code",
        "title": "titre|intitulé|libellé|label",
        "technology": "technologie|type",
        "delivery": "livraison|collecte",
        "mtu": "",
        "realm": "domaine|royaume",
        "retired": "retirée|retirée le|fin",
        "device": "machine|serveur",
        "pool_v4": "pool ipv4|ipv4",
        "pool_v6": "pool ipv6|ipv6",
        "wholesaler": "opérateur de gros|opérateur",
    },
    "retired",
)


def _ours(noun: str, columns: str, days: str = "") -> Form:
    """A file that nobody but us writes: its English names alone are understood."""
    return _form(noun, dict.fromkeys(columns.split(), ""), days)


KINDS: Final = _ours("kinds", "name label_fr label_en votes retired", "retired")
REFERENTS: Final = _ours("referents", "organisation member name contact role since until", "since until")
ROOMS: Final = _ours("rooms", "name description")
RACKS: Final = _ours("racks", "name kind units room description")
PLACEMENTS: Final = _ours("placements", "device rack unit height face position since until", "since until")
FEEDS: Final = _ours("feeds", "name room volts amps supplier renewable since until", "since until")
OUTLETS: Final = _ours("outlets", "name")
PLUGS: Final = _ours("plugs", "device outlet feed since until", "since until")
WHOLESALERS: Final = _ours(
    "wholesalers",
    "name title collection realm tunnel_endpoint enni vlans sister mapping guarantee contact "
    "radius_from ppp_end path_mtu",
)
ORDERS: Final = _ours("orders", "number line wholesaler about kind state reference appointment options", "appointment")
ORDER_EVENTS: Final = _ours("order_events", "order at by state word words")
EQUIPMENT: Final = _ours("equipment", "number kind model serial mac since until", "since until")
LOANS: Final = _ours(
    "loans", "equipment member since until deposit_cents refund_cents refunded", "since until refunded"
)
WORKS: Final = _ours(
    "works",
    "number since until on title_fr title_en words_fr words_en announced_by announced_at cancelled_at",
)
WORKS_NOTES: Final = _ours("works_notes", "works at by words_fr words_en")
MANDATES: Final = _ours(
    "mandates",
    "number member task scope since until minutes given_by given_at needs_second seconded_by seconded_at",
    "since until",
)

FORMS: Final = {
    form.noun: form
    for form in (
        KINDS, MEMBERS, REFERENTS, SITES, ROOMS, RACKS, DEVICES, PLACEMENTS, FEEDS, OUTLETS, PLUGS, POOLS, WHOLESALERS,
        OFFERS, LINES, ADDRESSES, ORDERS, ORDER_EVENTS, EQUIPMENT, LOANS, WORKS, WORKS_NOTES, MANDATES,
    )
}  # fmt: skip
"""Every file of ours, in the order in which they are imported."""
