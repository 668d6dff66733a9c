"""Every command of the terminal, and what each person gets from it: done, or forbidden (exit status 5).

A command more is a line more in `TABLE`. The doors of the web have tables of their own, in this shape.
"""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.main import get_command

from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.debit import collections as debit_collections
from billing.debit import files as debit_files
from billing.debit import mandates as debit_mandates
from billing.dues import charge
from billing.invoices import importing
from billing.invoices.mapping import Mapping
from billing.invoices.reading import Told
from billing.invoices.reading import read as read_invoice
from cli import door
from cli.main import essaim
from desk import sample
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import open_store, transaction
from foundation.errors import Forbidden
from foundation.money import Euros
from foundation.settings import Settings, read_settings
from inventory import lines, members, numbers, rules, wholesalers
from inventory.models.mandates import EVERYWHERE, Mandate, Task
from inventory.models.people import Member

OWNER, NOBODY, OTHER, ELSEWHERE, BEFORE, THERE, RIGHT = ("M0042", *(f"M{number:04d}" for number in range(101, 107)))
"""Who owns what a row names; who holds nothing; every other task; the task elsewhere; until yesterday; there; all."""

KEY, OTHER_KEY = "aEVuUmVn4xMkUP6IcQ1AhjA7Ix3FXyDQ+Vt7OCgK2iA=", "bEVuUmVn4xMkUP6IcQ1AhjA7Ix3FXyDQ+Vt7OCgK2iA="
WORDS = "quatre mots sans rapport"
STATEMENT = (
    "Compte;FR7630006000011234567890189\n"
    "Date de comptabilisation;Date de valeur;Libellé;Informations complémentaires;Montant;Solde;Devise\n"
    "05/10/2026;05/10/2026;VIR DE QUELQU UN;;12,00;12,00;EUR\n"
    "06/10/2026;06/10/2026;INTERETS CREDITEURS 2026;;4,12;16,12;EUR\n07/10/2026;07/10/2026;FRAIS;;-9,00;7,12;EUR\n"
    "08/10/2026;08/10/2026;RENDU;;-5,00;2,12;EUR\n09/10/2026;09/10/2026;VIREMENT;;900,00;902,12;EUR\n"
)
MEMBERS_IBAN = "FR7630006000011234567890189"
INVOICE = "date;référence;produit;montant\n2026-10-31;L0002;ACC-ADSL;18,00\n"


@dataclass(frozen=True)
class Row:
    """What a command asks: its words, and the tasks it needs (none where it reads, or is for anyone).

    `scope` is one that is enough; `own` is what the owner of what it names gets without a mandate (None where nobody
    owns it); `status` is what whoever may gets; `typed` what comes on standard input.
    """

    words: str = ""
    tasks: tuple[Task, ...] = ()
    scope: str = ""
    own: bool | None = None
    status: int = 0
    typed: str = ""


def reads(words: str = "", status: int = 0) -> Row:
    """Anyone at the terminal may."""
    return Row(words, status=status)


def asks(words: str, *tasks: Task, scope: str = "", own: bool | None = None, status: int = 0, typed: str = "") -> Row:
    """Whoever holds these tasks may."""
    return Row(words, tasks, scope, own, status, typed)


T = Task
VPN = "device:vpn"
TABLE: dict[str, Row] = {
    # The association
    "search": reads("Kerjean"),
    "poll": reads(status=4),
    "poll explain": reads("hosted1", status=4),
    "nightly": reads(),
    "graph": reads("L0042 --last 7d"),
    "alert list": reads(),
    "alert rules": reads(),
    "alert check-rules": reads("{tmp}/alerts.toml"),
    "alert evaluate": reads(),
    "alert webhook add": asks("salon --shape slack", T.RULES_SET, typed="https://chat.abeilles.example/hooks/essai\n"),
    "alert webhook list": reads(),
    "upgrade": reads(),
    "backup": reads("{tmp}/b.tar"),
    "completion": reads("bash"),
    # Members
    "member add": asks("Ada", T.MEMBERS_WRITE),
    "member list": reads(),
    "member show": reads("M0042"),
    "member change": asks("M0042 --name Ada", T.MEMBERS_WRITE, own=True),
    "member link": asks("M0042", T.MEMBERS_WRITE, T.KEYS_KEEP, own=True),  # M0042 holds a mandate here
    "member admit": asks("M0152", T.MEMBERS_WRITE),
    "member rejoin": asks("M0153", T.MEMBERS_WRITE),
    "member become": asks("M0042 adherent", T.MEMBERS_WRITE, own=False),
    "member leave": asks("M0042", T.MEMBERS_WRITE, own=False),
    "member merge": asks("M0043 --into M0042 --yes", T.MEMBERS_WRITE, T.DUES_WRITE, own=False),
    "member voters": reads("--on 2026-11-22"),
    "member proxy": asks("M0042 --on 2199-01-01 --to M0041", T.MEMBERS_WRITE, own=True, status=1),
    "member contact add": asks("M0042 phone +33198765432", T.MEMBERS_WRITE, own=True),
    "member contact end": asks("M0042 +33123456789", T.MEMBERS_WRITE, own=True),
    "member referent add": asks("M0151 --person M0043", T.MEMBERS_WRITE),
    "member referent end": asks("M0151 M0042", T.MEMBERS_WRITE, own=False),
    "member period add": asks("M0042 adherent --since 2001-01-01 --until 2002-01-01", T.MEMBERS_WRITE, own=False),
    "member period strike": asks("M0042 2001-01-01", T.MEMBERS_WRITE, own=False, status=3),
    "kind list": reads(),
    "kind add": asks("ami --fr ami·e --en friend", T.RULES_SET),
    "kind change": asks("benefactor --fr ami·e", T.RULES_SET),
    # Mandates, rules, keys
    "mandate give": asks("M0042 lines.write", T.MANDATES_GIVE, own=False),
    "mandate second": asks("T0001", T.MANDATES_GIVE, status=1),
    "mandate end": asks("T0002", T.MANDATES_GIVE, own=True),
    "mandate list": reads(),
    "mandate show": reads("T0001"),
    "mandate risks": reads(),
    "mandate leave": reads("M0042"),
    "mandate emergencies": reads(),
    "mandate review": asks("E0001 --why fini", T.MANDATES_GIVE),
    "rule list": reads(),
    "rule set": asks("votes.proxies 3", T.RULES_SET),
    "key escrow": asks("--holder M0042 --holder M0043", T.KEYS_KEEP, own=False, typed=f"{WORDS}\n{WORDS} autre\n"),
    "key check": asks("", T.KEYS_KEEP, own=True, typed=f"{WORDS}\n"),
    "key recover": reads(status=1),
    "ca create": asks("", T.KEYS_KEEP, own=False, status=1),  # there is one already
    "ca rotate": asks("", T.KEYS_KEEP, own=False),
    "ca show": reads("--certificates"),
    "credential list": reads("--expiring 60d"),
    "credential renew": asks("L0042", T.LINES_WRITE, scope=VPN, own=True, status=1),
    "credential remind": reads(),
    "token create": asks("M0042 --name essai", T.KEYS_KEEP, own=True, status=5),
    "token list": reads(),
    "token end": asks("J0001", T.KEYS_KEEP, own=True),
    # Offers and lines
    "offer add": asks("fibre --title Fibre --technology ftth", T.LINES_WRITE),
    "offer list": reads(),
    "offer show": reads("vpn"),
    "offer change": asks("vpn --title VPN", T.LINES_WRITE, scope="offer:vpn"),
    "offer retire": asks("adsl", T.LINES_WRITE, scope="device:lns"),
    "line order": asks(f"M0042 --offer vpn --key {KEY}", T.LINES_WRITE, scope="offer:vpn", own=False),
    "line list": reads(),
    "line show": reads("L0042"),
    "line status": reads("L0042"),
    "line diagnose": asks("L0042", T.MONITORING_READ, scope=VPN, own=True),
    "line quality": asks("L0042 --agree --why oui", T.LINES_WRITE, scope=VPN, own=True),
    "line change": asks("L0042 --mtu 1400", T.LINES_WRITE, scope=VPN, own=False),
    "line move": asks("L0042 --to suspended --why impayé", T.LINES_WRITE, scope="site:colo", own=False),
    "line close": asks("L0042 --yes", T.LINES_WRITE, scope=VPN, own=False),
    "line hand": asks(f"L0042 --to M0041 --key {KEY} --yes", T.LINES_WRITE, scope="offer:vpn", own=False),
    "line migrate": asks(f"L0002 --to-offer vpn --key {KEY} --yes", T.LINES_WRITE, scope="device:lns"),
    "line closing": reads(),
    "line share add": asks(f"L0042 M0041 --key {KEY}", T.LINES_WRITE, scope=VPN, own=False),
    "line share end": asks("L0002 M0116", T.LINES_WRITE, scope="device:lns", own=False),
    "line share weight": asks("L0042 M0042 --to 2", T.LINES_WRITE, scope=VPN, own=False),
    "line credential renew": asks(f"L0042 --key {KEY}", T.LINES_WRITE, scope=VPN, own=True),
    "line handout": asks("L0042 --as sheet", T.LINES_WRITE, scope=VPN, own=True),
    "line disconnect": asks("L0042", T.LINES_WRITE, scope=VPN, own=True, status=1),
    # Wholesale
    "wholesaler add": asks("autre --collection vlan-handoff --enni PC-BX-2 --vlans 1-9", T.LINES_WRITE),
    "wholesaler change": asks("gros --title Gros", T.LINES_WRITE),
    "wholesaler list": reads(),
    "wholesaler secret": asks("gros", T.LINES_WRITE, typed="agreed-with-them"),
    "wholesaler show": reads("gros"),
    "order place": asks("L0003 --wholesaler gros", T.LINES_WRITE, scope="offer:adsl"),
    "order move": asks("O0001 --to ordered", T.LINES_WRITE, scope="offer:adsl"),
    "order note": asks("O0001 --words oui", T.LINES_WRITE, scope="offer:adsl"),
    "order list": reads(),
    "order show": reads("O0001"),
    "invoice read": asks("{tmp}/invoice.csv --wholesaler gros --month 2026-10 --number 2 --apply", T.DUES_WRITE),
    "invoice list": asks("", T.DUES_READ),
    "invoice show": asks("F0001", T.DUES_READ),
    "invoice check": asks("F0001", T.DUES_READ),
    "invoice strike": asks("F0001 --why essai", T.DUES_WRITE),
    "ticket open": asks("L0003 --wholesaler gros", T.LINES_WRITE, scope="offer:adsl"),
    "ticket move": asks("K0001 --to acknowledged", T.LINES_WRITE, scope="offer:adsl"),
    "ticket note": asks("K0001 --words oui", T.LINES_WRITE, scope="offer:adsl"),
    "ticket list": reads(),
    "ticket show": reads("K0001"),
    # Works
    "works announce": asks(
        "Travaux --on device:vpn --since 2199-02-01T10:00+01:00 --until 2199-02-01T12:00+01:00",
        T.WORKS_ANNOUNCE,
        scope=VPN,
    ),
    "works change": asks("W0001 --title Travaux", T.WORKS_ANNOUNCE, scope=VPN),
    "works cancel": asks("W0001 --yes", T.WORKS_ANNOUNCE, scope=VPN),
    "works list": reads(),
    "works show": reads("W0001"),
    "incident open": asks("Panne --on device:vpn", T.WORKS_ANNOUNCE, scope=VPN),
    "incident note": asks("I0001 toujours", T.WORKS_ANNOUNCE, scope=VPN),
    "incident close": asks("I0001 fini", T.WORKS_ANNOUNCE, scope=VPN),
    "incident list": reads(),
    "incident show": reads("I0001"),
    # Addresses
    "pool list": reads(),
    "pool show": reads("vpn-v4"),
    "pool create": asks("essai 203.0.113.0/24", T.ADDRESSES_WRITE, status=1),
    "pool change": asks("vpn-v4 --quarantine 90", T.ADDRESSES_WRITE, scope="pool:vpn-v4"),
    "pool grow": asks("reserve-v4 --to 100.64.64.0/23", T.ADDRESSES_WRITE, scope="pool:reserve-v4"),
    "pool split": asks("reserve-v4 --into autre-v4", T.ADDRESSES_WRITE, scope="pool:reserve-v4"),
    "pool shrink": asks("reserve-v4 --to 100.64.64.0/25 --yes", T.ADDRESSES_WRITE, scope="pool:reserve-v4"),
    "pool close": asks("vide-v4 --yes", T.ADDRESSES_WRITE, scope="pool:vide-v4"),
    "address list": reads(),
    "address show": reads("198.51.100.7"),
    "address allocate": asks("--pool vpn-v4 --line L0042", T.ADDRESSES_WRITE, scope="pool:vpn-v4", own=False),
    "address release": asks("{v4}", T.ADDRESSES_WRITE, scope=VPN, own=False),
    "address reserve": asks("100.64.64.8/32", T.ADDRESSES_WRITE, scope="pool:reserve-v4"),
    "address unreserve": asks("100.64.64.9/32", T.ADDRESSES_WRITE, scope="pool:reserve-v4"),
    "address who-had": asks("198.51.100.7", T.REQUISITION_OPEN),
    "address questions": asks("", T.REQUISITION_OPEN),
    "address name": asks("{v4} a.abeilles.example", T.ADDRESSES_WRITE, scope="pool:vpn-v4", own=True),
    "address unname": asks("{v4}", T.ADDRESSES_WRITE, scope="pool:vpn-v4", own=True, status=3),
    "address delegate": asks("{v6} ns1.abeilles.example ns2.abeilles.example", T.ADDRESSES_WRITE, scope=VPN, own=True),
    "address undelegate": asks("{v6}", T.ADDRESSES_WRITE, scope=VPN, own=True, status=3),
    "address names": reads(),
    "address report": reads(),
    "address ripe": reads(status=1),
    "address geofeed": reads(status=1),
    "address roa": reads(),
    "address renumber": asks("--from heberges-v4 --to reserve-v4 --apply", T.ADDRESSES_WRITE),
    "renumbering list": reads(),
    "renumbering show": reads("R0001"),
    "renumbering next": asks("R0001", T.ADDRESSES_WRITE),
    "renumbering finish": asks("R0001 --yes", T.ADDRESSES_WRITE, status=1),
    "renumbering letters": reads("R0001 --until 2199-01-01"),
    "ospf show": reads(),
    "ospf rotate": asks("", T.DEVICES_WRITE),
    "ospf stop": asks("--yes", T.DEVICES_WRITE, status=1),  # there is no key
    "aggregate add": asks("100.64.0.0/10", T.ADDRESSES_WRITE),
    "aggregate list": reads(),
    "aggregate remove": asks("192.0.2.0/25", T.ADDRESSES_WRITE),
    # Places and machines
    "site add": asks("grenier", T.DEVICES_WRITE),
    "site list": reads(),
    "site show": reads("colo"),
    "site change": asks("colo --description ici", T.DEVICES_WRITE, scope="site:colo"),
    "site room": asks("colo salle", T.DEVICES_WRITE, scope="site:colo"),
    "rack add": asks("colo/B --units 12", T.DEVICES_WRITE, scope="site:colo"),
    "rack list": reads(),
    "rack show": reads("mezzanine/T"),
    "rack change": asks("mezzanine/T --description ici", T.DEVICES_WRITE, scope="site:mezzanine"),
    "rack remove": asks("mezzanine/T", T.DEVICES_WRITE, scope="site:mezzanine", status=1),
    "device add": asks("neuf --role server --site colo --platform debian", T.DEVICES_WRITE, scope="site:colo"),
    "device host": asks("neuf --owner M0042 --site mezzanine", T.DEVICES_WRITE, scope="site:mezzanine", own=False),
    "device list": reads(),
    "device show": reads("vpn"),
    "device change": asks("hosted1 --description ici", T.DEVICES_WRITE, scope="device:hosted1", own=True),
    "device retire": asks("hosted1", T.DEVICES_WRITE, scope="site:mezzanine", own=False),
    "device place": asks("hosted2 mezzanine/T --unit 9 --height 1", T.DEVICES_WRITE, scope="site:mezzanine"),
    "device move": asks("hosted1 mezzanine/T --unit 7 --height 1", T.DEVICES_WRITE, scope="device:hosted1", own=False),
    "device take-out": asks("hosted1", T.DEVICES_WRITE, scope="device:hosted1", own=False),
    "device outlets": asks("onduleur --count 4", T.DEVICES_WRITE, scope="device:onduleur"),
    "device plug": asks("hosted1 --outlet multiprise/1", T.DEVICES_WRITE, scope="site:mezzanine", own=False),
    "device unplug": asks("hosted3", T.DEVICES_WRITE, scope="device:hosted3"),
    "device link": asks("hosted2/eth0 hosted3/eth0", T.DEVICES_WRITE, scope="site:mezzanine"),
    "device unlink": asks("hosted4/eth0", T.DEVICES_WRITE, scope="site:mezzanine"),
    "device secret": asks("hosted1 snmp --generate", T.DEVICES_WRITE, scope="device:hosted1", own=False),
    "device handout": asks("switched --as switch-port", T.DEVICES_WRITE, scope="device:switched"),
    "device interface add": asks("hosted1 eth9", T.DEVICES_WRITE, scope="device:hosted1", own=False),
    "device interface change": asks("hosted2/eth0 --description ici", T.DEVICES_WRITE, scope="device:hosted2"),
    "device peer add": asks("edge --address 192.0.2.77 --as 64501", T.DEVICES_WRITE, scope="device:edge"),
    "device peer list": reads("edge"),
    "device peer remove": asks("edge 192.0.2.128", T.DEVICES_WRITE, scope="device:edge"),
    "feed add": asks("mezzanine/F2 --volts 230 --amps 16", T.DEVICES_WRITE, scope="site:mezzanine"),
    "feed list": reads(),
    "feed change": asks("mezzanine/F1 --amps 32", T.DEVICES_WRITE, scope="site:mezzanine"),
    "feed end": asks("mezzanine/F1", T.DEVICES_WRITE, scope="site:mezzanine"),
    "outlet reboot": asks(
        "multiprise/2 --machine hosted1", T.DEVICES_WRITE, scope="device:multiprise", own=True, status=1
    ),
    "power show": reads("--feed mezzanine/F1"),
    "power sheet": reads("hosted1 --month 2026-10"),
    "power supplier add": asks("Tournesol --renewable 80 --feed mezzanine/F1", T.DEVICES_WRITE, scope="site:mezzanine"),
    "power supplier list": reads(),
    "equipment add": asks("box --model Essai", T.DEVICES_WRITE),
    "equipment list": reads(),
    "equipment show": reads("Q0001"),
    "equipment lend": asks("Q0002 --to M0042", T.DEVICES_WRITE, own=False),
    "equipment return": asks("Q0001 --deposit 20", T.DEVICES_WRITE, own=False),
    "equipment refund": asks("Q0003 20", T.DEVICES_WRITE, own=False),
    "equipment retire": asks("Q0002", T.DEVICES_WRITE),
    # Machines' configurations
    "change plan": asks("", T.CHANGES_PROPOSE),
    "change show": reads("C0001"),
    "change list": reads(),
    "change approve": asks("C0001", T.CHANGES_APPROVE, scope="device:edge"),
    "change reject": asks("C0001 --why non", T.CHANGES_APPROVE, scope="device:edge"),
    "change apply": asks("C0002 --yes", T.CHANGES_APPLY, scope="device:radius"),
    "change revert": asks("C0003", T.CHANGES_PROPOSE, scope="device:lns", status=1),
    "change export-git": reads("{tmp}/history"),
    "drift": asks("", T.CHANGES_PROPOSE),
    # Suggestions
    "suggestion name": reads("{v4} a.abeilles.example"),
    "suggestion change": reads("L0042 --place ici"),
    "suggestion order": reads(f"vpn --member M0042 --key {KEY}"),
    "suggestion list": reads(),
    "suggestion show": reads("G0001"),
    "suggestion accept": asks("G0001 --yes", T.LINES_WRITE, scope=VPN, own=False),
    "suggestion refuse": asks("G0001 --why non", T.LINES_WRITE, scope=VPN, own=False),
    "template list": reads(),
    "template show": reads("wireguard/debian.j2"),
    "template check": reads(),
    "adopt": asks("vpn --from {tmp}/etc", T.CHANGES_PROPOSE, scope=VPN, status=3),
    # Money
    "dues issue": asks("2026-11", T.DUES_WRITE),
    "tariff set": asks("vpn 6 --per month --floor 4", T.DUES_WRITE),
    "tariff list": reads(),
    "dues balance": reads("M0042"),
    "dues late": reads("--days 0"),
    "dues show": reads("M0042"),
    "dues regularise": asks("2026-10", T.DUES_WRITE),
    "dues correct": asks("D0001 --by 1 --reason essai", T.DUES_WRITE),
    "dues charge": asks("M0042 25 --for visite", T.DUES_WRITE, own=False),
    "dues choose": asks("M0042 L0042 --suggested", T.DUES_WRITE, own=True),
    "dues pause": asks("M0042 membership --until 2199-01-01", T.DUES_WRITE, own=False, status=1),  # two years at most
    "payment record": asks("M0042 5", T.PAYMENTS_MATCH, own=False),
    "payment gift": asks("M0042 5", T.PAYMENTS_MATCH, own=False),
    "payment reverse": asks("P0001 --reason essai", T.PAYMENTS_MATCH),
    "payment refund": asks("M0043 1", T.PAYMENTS_MATCH),
    "payment list": reads(),
    "receipt payment": asks("P0001", T.DUES_READ),
    "receipt year": asks("M0042 --year 2026", T.DUES_READ, own=True),
    "receipt balance": asks("M0042", T.DUES_READ, own=True),
    "receipt gifts": asks("M0042 --year 2025", T.DUES_WRITE, own=False, status=1),  # no rescrit
    "reminder calendar": asks("", T.DUES_READ),
    "reminder send": asks("--yes", T.DUES_WRITE),
    "reminder hold": asks("M0042 --until 2199-01-01", T.DUES_WRITE, own=False, status=1),
    "debit mandate sign": asks("M0045", T.DUES_WRITE, typed=f"{MEMBERS_IBAN}\n"),
    "debit mandate list": reads(),
    "debit mandate end": asks("M0042-1", T.DUES_WRITE, own=True),
    "debit collect": asks("--apply", T.DUES_WRITE),
    "debit list": reads(),
    "debit show": reads("V0001"),
    "debit announce": asks("V0002", T.DUES_WRITE),
    "debit file": asks("V0001 --to {tmp}/debits.xml --force", T.DUES_WRITE),
    "debit paid": asks("B0001", T.PAYMENTS_MATCH, status=1),  # it is no direct debit
    "debit returned": asks("V0001-M0044", T.PAYMENTS_MATCH),
    "debit withdraw": asks("V0002", T.DUES_WRITE),
    "books show": reads(),
    "books accounts": reads(),
    "books journal": asks("", T.DUES_READ),
    "books balance": asks("", T.DUES_READ),
    "books export": asks("--year 2026 --format paheko --to {tmp}/books.csv --force", T.DUES_READ),
    "books year close": asks("2025", T.DUES_WRITE),
    "books vat set": asks("franchise --since 2026-12-01", T.DUES_WRITE),
    "bank account add": asks("livret FR7630004000031234567890143", T.PAYMENTS_MATCH),
    "bank account list": reads(),
    "bank read": asks("{tmp}/statement.csv", T.PAYMENTS_MATCH),
    "bank inbox": asks("", T.DUES_READ),
    "bank match": asks("B0001 M0042", T.PAYMENTS_MATCH),
    "bank accept": asks("B0002", T.PAYMENTS_MATCH),
    "bank unmatch": asks("B0003 --reason essai", T.PAYMENTS_MATCH),
    "bank file": asks("B0001 gifts", T.PAYMENTS_MATCH),
    "bank refund": asks("B0004 M0043", T.PAYMENTS_MATCH),
    "bank link": asks("B0005 P0001", T.PAYMENTS_MATCH),
    "cost add": asks("transit 350 --kind transit --since 2026-01-01", T.DUES_WRITE),
    "cost end": asks("bandwidth --on 2026-06-01", T.DUES_WRITE),
    "cost list": reads(),
    "cost report": reads("--month 2026-10"),
    "cost publish": asks("--month 2026-10", T.DUES_WRITE),
    # The journal, exchange
    "journal show": reads(),
    "journal verify": reads(),
    "export members": asks("{tmp}/a.csv --force", T.MEMBERS_READ),
    "export lines": asks("{tmp}/a.csv --force", T.MEMBERS_READ),
    "export addresses": asks("{tmp}/a.csv --force", T.MEMBERS_READ),
    "export devices": reads("{tmp}/a.csv --force"),
    "export prometheus": reads("{tmp}/a.json --force"),
    "export ansible": reads("{tmp}/a.json --force"),
    "export offers": reads("{tmp}/a.csv --force"),
    "export all": asks("{tmp}/all.json --format json --force", T.MEMBERS_READ),
    "export sqlite": asks("{tmp}/all.sqlite --force", T.MEMBERS_READ),
    "import members": asks("{tmp}/members.csv --apply --yes", T.MEMBERS_WRITE),
}

NOT_RUN = {
    "alert webhook remove": "as `alert webhook add`, once there is one: tests/integration/test_alerts.py",
    "alert ack": "nothing is wrong in an association whose machines are not there: tests/integration/test_alerts.py",
    "ca import": "as `ca create`, but for the two files that it reads first",
    "ca revoke": "a serial number is drawn at random: tests/integration/test_certificate_commands.py",
    "init": "makes an association, in which nobody is anybody yet",
    "restore": "makes an association, from a backup and its key",
    "demo": "makes an association of its own",
    "dues simulate": "makes an association of its own: tests/integration/test_simulation.py",
    "serve": "opens the portal until it is closed",
    "poll quality": "asks hosted machines and lines until it is stopped: tests/integration/test_quality.py",
    "traps": "listens until it is stopped: tests/integration/test_traps.py",
    "lab up": "starts the lab",
    "lab check": "needs the lab",
    "lab down": "stops the lab",
    **dict.fromkeys(
        (f"lab fault {what}" for what in ("link-down", "kill", "radius-down", "slow", "full-disk")), "needs the lab"
    ),
    "lab mend": "needs the lab",
    "lab rehearse": "needs a lab",
    "import lines": "as `import members`: a plan says the tasks that it takes, and whoever applies it needs all",
    "import addresses": "as `import lines`",
    "import devices": "as `import lines`",
    "import offers": "as `import lines`",
    "import all": "as `import lines`",
    "import netbox": "as `import lines`",
    "import coin": "as `import lines`",
    "import galette": "as `import lines`",
    "import paheko": "as `import lines`",
}
"""Commands that the table does not run, and why."""

OF_SQLITE = ("backup", "export sqlite")
"""Commands about SQLite's own file."""

FURNITURE = (
    "member add Association --organisation",
    "member referent add M0151 --person M0042",
    "member add Candidate --status applicant",
    "member add Revenante",
    "member leave M0153",
    "member contact add M0042 phone +33123456789",
    "token create M0042 --name essai",
    "rack add mezzanine/T --units 24",
    "device change hosted1 --owner M0042",
    "device place hosted1 mezzanine/T --unit 3 --height 1",
    "device add multiprise --role pdu --site mezzanine",
    "device outlets multiprise --count 4",
    "device add onduleur --role ups --site mezzanine",
    "device plug hosted1 --outlet multiprise/2",
    "device plug hosted3 --outlet multiprise/3",
    "device link hosted4/eth0 hosted5/eth0",
    "device add switched --role server --site mezzanine",
    "device interface add switched eth0",
    "device add commutateur --role switch --site mezzanine",
    "device interface add commutateur 1",
    "device link switched/eth0 commutateur/1",
    "feed add mezzanine/F1 --volts 230 --amps 16",
    "equipment add box --model Essai",
    "equipment add box --model Essai",
    "equipment add box --model Essai",
    "equipment lend Q0001 --to M0042 --deposit 20",
    "equipment lend Q0003 --to M0042 --deposit 20",
    "equipment return Q0003",
    "wholesaler add gros --collection vlan-handoff --enni PC-BX-1 --vlans 100-199",
    "order place L0002 --wholesaler gros --draft",
    "ticket open L0002 --wholesaler gros",
    "works announce Coupure --on device:vpn --since 2199-01-01T10:00+01:00 --until 2199-01-01T12:00+01:00",
    "incident open Panne --on device:vpn",
    "pool create reserve-v4 100.64.64.0/24",
    "pool create vide-v4 100.64.96.0/24",
    "pool create loin-v4 100.64.80.0/24",
    "address reserve 100.64.64.9/32",
    "address renumber --from adsl-v4 --to loin-v4 --wave 5 --apply",
    "change plan",
    "change approve C0002",
    "--emergency essai dues issue 2026-10",
    "payment record M0043 900",
    "tariff set vpn 6 --floor 4",
    "dues charge M0042 25 --for visite",
    "--emergency essai cost add bandwidth 100 --since 2026-01-01",
    "--as M0149 suggestion change L0042 --place ici",
    "key escrow --holder M0042 --holder M0043",
    "ca create",
)
"""What the rows are about, beside the members, lines and machines of the sample."""


def commands_of(group: Any, name: str = "") -> Iterator[str]:
    for word, command in group.commands.items():
        whole = f"{name} {word}".strip()
        if hasattr(command, "commands"):
            yield from commands_of(command, whole)
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield whole


def test_every_command_is_in_the_table() -> None:
    known = set(commands_of(get_command(essaim)))
    assert sorted(known - set(TABLE) - set(NOT_RUN)) == []
    assert sorted((set(TABLE) | set(NOT_RUN)) - known) == []


@dataclass(frozen=True)
class Furnished:
    """An association with what the rows are about, and addresses of M0042's."""

    association: Any
    places: dict[str, str]


def peopled(settings: Settings) -> None:
    """The demonstration's members, lines and machines, of which each writes its texts to a folder."""
    (settings.var / "essaim.toml").write_text('driver = "console"\n')
    store = open_store(settings)
    with transaction(store) as session:
        sample.populate(session)
    store.engine.dispose()


def debited(session: Any, deed: Act) -> None:
    """V0001 is in the bank's file, V0002 planned; of one more member, a debit is to be planned."""
    rules.set_rule(session, deed, "debits.ics", "FR72ZZZ123456")
    rules.set_rule(session, deed, "debits.most", "10000")
    day = debit_collections.first_day(session, clock.today(deed.at))
    for number, planned in (("M0044", True), (OWNER, True), ("M0046", False)):
        who = members.find_member(session, number)
        debit_mandates.sign(session, deed, who, MEMBERS_IBAN, signed=clock.today(deed.at))
        charge(session, deed, who, Euros(300_000), "visite")
        if planned:
            made = debit_collections.collect(session, deed, day, lambda _: False)
        if number == "M0044":
            debit_collections.note_announced(session, deed, made, [number])
            debit_files.write(session, deed, made, "Les Abeilles")


@pytest.fixture(scope="module")
def furnished(built: Any) -> Furnished:
    """A furnished association, made once: each row has a copy. Nobody holds a mandate in it."""
    whole = built(*FURNITURE, first=peopled, stdin=f"{WORDS}\n{WORDS} autre\n")
    store = open_store(read_settings(var=whole.folder, database_url=whole.url))
    with transaction(store) as session:
        gros, told = wholesalers.find_wholesaler(session, "gros"), Told("1", month=Month(2026, 10))
        bill, _ = read_invoice("gros.csv", INVOICE.encode(), Mapping(), told)
        importing.keep(session, Act("machine:test", clock.now()), gros, bill)
        deed = Act("machine:test", clock.now())
        ours = bank.add_account(session, deed, "courant", "FR7630006000011234567890189")
        bank_files.read_file(session, deed, ours, STATEMENT.encode(), "statement.csv")
        inbox.file_entry(session, deed, inbox.find_entry(session, "B0003"), "fees")
        debited(session, deed)
        (share,) = lines.shares_of(session, lines.find_line(session, "L0042"))
        places = {f"v{one.family}": str(one.prefix).removesuffix("/32") for one in share.assignments}
    store.engine.dispose()
    return Furnished(whole, places)


@pytest.fixture
def people(terminal: Any, furnished: Furnished, stand_in: Any) -> Callable[[Row], None]:
    """Give a row's people their mandates, in a copy of the furnished association."""
    stand_in(furnished.association)

    def mandated(row: Row) -> None:
        store = open_store(read_settings(var=terminal.folder))
        with transaction(store) as session:
            today = clock.today(clock.now())
            given = [(OTHER, task, EVERYWHERE, None) for task in Task if task not in row.tasks[:1]]
            for task in row.tasks:
                given += [(ELSEWHERE, task, "site:clocher", None), (RIGHT, task, EVERYWHERE, None)]
                given += [(BEFORE, task, EVERYWHERE, today)] + ([(THERE, task, row.scope, None)] if row.scope else [])
            # T0001 waits for no second, T0002 is the owner's, and both are nobody's way to what a row asks.
            first = [("M0149", Task.ALERTS_ACKNOWLEDGE, EVERYWHERE, None), (OWNER, Task.ALERTS_ACKNOWLEDGE, "*", None)]
            ids = {one.number: one.id for one in session.execute(select(Member.number, Member.id))}
            for number, (who, task, scope, until) in enumerate([*first, *given], start=1):
                session.add(
                    Mandate(
                        number=number,
                        member_id=ids[numbers.parse("M", who)],
                        task=task,
                        scope=scope,
                        since=today - timedelta(days=30),
                        until=until,
                        given_by="machine:test",
                        given_at=clock.now(),
                    )
                )
        store.engine.dispose()

    return mandated


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.sqlite] if name in OF_SQLITE else []) for name in TABLE]
)
def test_each_gets_what_the_table_says(
    terminal: Any,
    people: Callable[[Row], None],
    furnished: Furnished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    for patience, seconds in (("monitoring.snmp.pacing.UNKNOWN", 0.05), ("foundation.reach.CONNECT_SECONDS", 1)):
        monkeypatch.setattr(patience, seconds)  # no machine is there to answer
    row = TABLE[name]
    (tmp_path / "members.csv").write_text("nom\nAda Exemple\n")
    (tmp_path / "alerts.toml").write_text("[disk-full]\nabove = 95\n")
    (tmp_path / "invoice.csv").write_text(INVOICE)
    (tmp_path / "statement.csv").write_text(STATEMENT)
    words = [*name.split(), *shlex.split(row.words.format(tmp=tmp_path, **furnished.places))]
    people(row)

    def gets(*before: str) -> int:
        monkeypatch.setattr(sys, "stdin", io.StringIO(row.typed))
        said = terminal.run(*before, *words, lang="fr")
        assert "Traceback" not in said.out + said.err
        assert "s'est trompé" not in said.err, said.err
        assert said.status != door.USAGE_STATUS, said.err
        return int(said.status)

    forbidden = Forbidden.exit_status
    if not row.tasks:
        assert [gets(), gets("--as", NOBODY)] == [row.status, row.status]
        return
    refused = {who: gets("--as", who) for who in (NOBODY, OTHER, ELSEWHERE, BEFORE)}
    assert {"nobody": gets(), **refused} == {"nobody": forbidden, **dict.fromkeys(refused, forbidden)}
    if row.own is False:
        assert gets("--as", OWNER) == forbidden
    assert gets("--as", RIGHT) == row.status
    if row.own:
        assert gets("--as", OWNER) != forbidden
    if row.scope:
        assert gets("--as", THERE) != forbidden
    assert gets("--emergency", "essai") != forbidden
