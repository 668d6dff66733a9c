"""Every route x who asks: what each gets is pinned in one table, and a route that is not in it fails."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from statement_files import IBAN, Move, camt

from api.app import create
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.debit import collections as debit_collections
from billing.debit import mandates as debit_mandates
from billing.dues import charge
from billing.invoices import importing, reading
from billing.invoices.mapping import Mapping
from billing.models import Means, Per
from billing.payments import record_payment
from billing.tariffs import set_tariff
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import (
    accounts,
    addresses,
    devices,
    equipment,
    lines,
    mandates,
    members,
    offers,
    orders,
    places,
    power,
    suggestions,
    tickets,
    tokens,
    wholesalers,
    works,
)
from inventory.lines import Ordering
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.orders import News
from inventory.suggested import ChangeLine
from inventory.wholesalers import Terms
from inventory.works import Wording
from monitoring.alerts.models import Alert
from provisioning import changes, targets, texts
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen

URL = "http://127.0.0.1:8642"
KEYS = [base64.b64encode(bytes([rank] * 32)).decode() for rank in range(1, 9)]
LATER = {"since": "2199-12-01T20:00:00Z", "until": "2199-12-01T21:00:00Z"}

# What a member without any mandate gets: of what is another's, and of what is their own where that differs.
# Of a row that is not theirs they learn nothing (404); of a list, or of a new row, that it is not for them (403).
HIDDEN, REFUSED, OPEN = 404, 403, 200


@dataclass(frozen=True)
class Case:
    """One route: what is sent, what a stranger gets, and what the owner of the row gets.

    `elsewhere` is what whoever holds mandates for another place gets, where it is not what a stranger gets.
    """

    path: str
    stranger: int
    own: int
    body: dict[str, Any] | None = None
    elsewhere: int | None = None


M, L, J, Q = "M0002", "L0001", "J0001", "Q0001"
ROW = (HIDDEN, OPEN)  # read: one's own
DEED = (HIDDEN, REFUSED)  # done to a row that one may see only when it is one's own
OWN_DEED = (HIDDEN, OPEN)
NOBODYS = (HIDDEN, HIDDEN)
ALL = (REFUSED, REFUSED)
PUBLIC = (OPEN, OPEN)

NOT_THERE = {"me/lines/{name}", "emergencies/{name}", "reverse-names/{name}", "delegations/{name:path}"}
"""What this association has none of, or Ada none that is hers."""

TABLE: dict[str, Case] = {
    "GET /me": Case("/me", *PUBLIC),
    "GET /me/lines/{name}": Case(f"/me/lines/{L}", *ROW),
    "GET /me/works": Case("/me/works", *PUBLIC),
    "GET /me/deeds": Case("/me/deeds", *PUBLIC),
    "GET /me/power": Case("/me/power", *PUBLIC),
    "GET /me/suggestions": Case("/me/suggestions", *PUBLIC),
    "GET /journal": Case("/journal", *ALL),
    "GET /search": Case("/search?word=exemple", *ALL),
    # Members
    "GET /members": Case("/members", *ALL),
    "POST /members": Case("/members", *ALL, {"name": "Zoé Exemple"}),
    "GET /members/{name}": Case(f"/members/{M}", *ROW),
    "PATCH /members/{name}": Case(f"/members/{M}", *OWN_DEED, {"name": "Béatrice Exemple"}),
    "POST /members/{name}/admit": Case(f"/members/{M}/admit", *DEED, {}),
    "POST /members/{name}/rejoin": Case(f"/members/{M}/rejoin", *DEED, {}),
    "POST /members/{name}/become": Case(f"/members/{M}/become", *DEED, {"kind": "affiliate"}),
    "POST /members/{name}/memberships": Case(
        f"/members/{M}/memberships", *DEED, {"kind": "adherent", "since": "2020-01-01", "until": "2021-01-01"}
    ),
    "POST /members/{name}/leave": Case(f"/members/{M}/leave", *DEED),
    "POST /members/{name}/contacts": Case(
        f"/members/{M}/contacts", *OWN_DEED, {"kind": "phone", "value": "+33 1 99 00 12 34"}
    ),
    "POST /members/{name}/contacts/end": Case(f"/members/{M}/contacts/end", *OWN_DEED, {"value": "+33 1 99 00 12 34"}),
    "POST /members/{name}/referents": Case(f"/members/{M}/referents", *DEED, {"name": "Zoé Exemple"}),
    "POST /members/{name}/referents/end": Case(f"/members/{M}/referents/end", *DEED, {"who": "Zoé Exemple"}),
    # What the association decided, in the open
    "GET /kinds": Case("/kinds", *PUBLIC),
    "POST /kinds": Case("/kinds", *ALL, {"name": "ami", "french": "ami·e", "english": "friend"}),
    "GET /kinds/{name}": Case("/kinds/affiliate", *PUBLIC),
    "PATCH /kinds/{name}": Case("/kinds/affiliate", *ALL, {"english": "affiliated"}),
    "GET /mandates": Case("/mandates", *PUBLIC),
    "POST /mandates": Case("/mandates", *ALL, {"member": "M0003", "task": "lines.write"}),
    "GET /mandates/{name}": Case("/mandates/T0001", *PUBLIC),
    "POST /mandates/{name}/second": Case("/mandates/T0001/second", *ALL),
    "POST /mandates/{name}/end": Case("/mandates/T0002/end", *ALL),
    "GET /emergencies": Case("/emergencies", *PUBLIC),
    "GET /emergencies/{name}": Case("/emergencies/E0001", HIDDEN, HIDDEN),
    "POST /emergencies/{name}/review": Case("/emergencies/E0001/review", HIDDEN, HIDDEN),
    "GET /rules": Case("/rules", *PUBLIC),
    "GET /rules/{name}": Case("/rules/mandates.quorum", *PUBLIC),
    "PATCH /rules/{name}": Case("/rules/mandates.quorum", *ALL, {"value": "1"}),
    "GET /tokens": Case("/tokens", *ALL),
    "GET /tokens/{name}": Case(f"/tokens/{J}", *ROW),
    "POST /tokens/{name}/end": Case(f"/tokens/{J}/end", *OWN_DEED),
    "GET /credentials": Case("/credentials", *ALL),
    "GET /credentials/{name:path}": Case(f"/credentials/token:{J}", *ROW),
    # Lines
    "GET /offers": Case("/offers", *PUBLIC),
    "POST /offers": Case("/offers", *ALL, {"name": "radio", "title": "Radio", "technology": "radio"}),
    "GET /offers/{name}": Case("/offers/vpn", *PUBLIC),
    "PATCH /offers/{name}": Case("/offers/vpn", *ALL, {"title": "Un VPN"}),
    "POST /offers/{name}/retire": Case("/offers/vpn/retire", *ALL),
    "GET /lines": Case("/lines", *ALL),
    "POST /lines": Case("/lines", *ALL, {"member": "M0003", "offer": "vpn", "public_key": KEYS[5]}),
    "GET /lines/{name}": Case(f"/lines/{L}", *ROW),
    "GET /lines/{name}/diagnosis": Case(f"/lines/{L}/diagnosis", *ROW),
    "PATCH /lines/{name}": Case(f"/lines/{L}", *DEED, {"place": "12 rue de l'Exemple"}),
    "POST /lines/{name}/transitions": Case(f"/lines/{L}/transitions", *DEED, {"to": "closing"}),
    "POST /lines/{name}/close": Case(f"/lines/{L}/close", *DEED),
    "POST /lines/{name}/shares": Case(f"/lines/{L}/shares", *DEED, {"member": "M0003", "public_key": KEYS[4]}),
    "POST /lines/{name}/shares/end": Case(f"/lines/{L}/shares/end", *DEED, {"member": M}),
    "POST /lines/{name}/shares/weigh": Case(f"/lines/{L}/shares/weigh", *DEED, {"member": M, "weight": 2}),
    "POST /lines/{name}/hand": Case(f"/lines/{L}/hand", *DEED, {"member": "M0003", "public_key": KEYS[4]}),
    "POST /lines/{name}/migration": Case(f"/lines/{L}/migration", *DEED, {"offer": "adsl"}),
    "POST /lines/{name}/migration/complete": Case(f"/lines/{L}/migration/complete", *DEED),
    "POST /lines/{name}/migration/undo": Case(f"/lines/{L}/migration/undo", *DEED),
    "POST /lines/{name}/credentials/renew": Case(
        f"/lines/{L}/credentials/renew", *OWN_DEED, {"member": M, "public_key": KEYS[3]}
    ),
    # Addresses
    "GET /pools": Case("/pools", *ALL),
    "POST /pools": Case("/pools", *ALL, {"name": "v4b", "prefix": "203.0.113.0/24", "handed": 32}),
    "GET /pools/{name}": Case("/pools/v4", *NOBODYS),
    "PATCH /pools/{name}": Case("/pools/v4", *NOBODYS, {"purpose": "VPN"}),
    "POST /pools/{name}/grow": Case("/pools/v4/grow", *NOBODYS, {"prefix": "198.51.100.0/24"}),
    "POST /pools/{name}/shrink": Case("/pools/v4/shrink", *NOBODYS, {"prefix": "198.51.100.0/28"}),
    "POST /pools/{name}/split": Case("/pools/v4/split", *NOBODYS, {"name": "v4c"}),
    "POST /pools/{name}/close": Case("/pools/v4/close", *NOBODYS),
    "POST /pools/{name}/reserve": Case("/pools/v4/reserve", *NOBODYS, {"prefix": "198.51.100.12/32"}),
    "POST /pools/{name}/unreserve": Case("/pools/v4/unreserve", *NOBODYS, {"prefix": "198.51.100.12/32"}),
    "GET /addresses": Case("/addresses", *ALL),
    "POST /addresses/allocate": Case("/addresses/allocate", *ALL, {"pool": "v4", "line": L, "role": "routed"}),
    "GET /addresses/{name:path}": Case("/addresses/198.51.100.0/32", *ROW),
    "POST /addresses/{name:path}/release": Case("/addresses/198.51.100.0/32/release", *DEED),
    "POST /addresses/{name:path}/name": Case(
        "/addresses/198.51.100.0/32/name", *OWN_DEED, {"address": "198.51.100.0", "name": "serveur.bea.example"}
    ),
    "POST /addresses/{name:path}/name/clear": Case(
        "/addresses/198.51.100.0/32/name/clear", *OWN_DEED, {"address": "198.51.100.0"}
    ),
    "POST /addresses/{name:path}/delegate": Case(
        "/addresses/198.51.100.0/32/delegate", *OWN_DEED, {"servers": ["ns1.bea.example", "ns2.bea.example"]}
    ),
    "POST /addresses/{name:path}/undelegate": Case("/addresses/198.51.100.0/32/undelegate", *OWN_DEED),
    "GET /reverse-names": Case("/reverse-names", *ALL),
    "GET /reverse-names/{name}": Case("/reverse-names/198.51.100.0", *NOBODYS),
    "GET /delegations": Case("/delegations", *ALL),
    "GET /delegations/{name:path}": Case("/delegations/198.51.100.0/32", *NOBODYS),
    # Wholesalers
    "GET /wholesalers": Case("/wholesalers", *ALL),
    "POST /wholesalers": Case("/wholesalers", *ALL, {"name": "autre", "collection": "white-label", "sister": "x"}),
    "GET /wholesalers/{name}": Case("/wholesalers/gros", *NOBODYS),
    "PATCH /wholesalers/{name}": Case("/wholesalers/gros", *NOBODYS, {"title": "Gros"}),
    "POST /wholesalers/{name}/secrets": Case("/wholesalers/gros/secrets", *NOBODYS, {"secret": "agreed-with-them"}),
    "GET /orders": Case("/orders", *ALL),
    "POST /orders": Case("/orders", *ALL, {"line": "L0002", "wholesaler": "gros"}),
    "GET /orders/{name}": Case("/orders/O0001", *NOBODYS),
    "POST /orders/{name}/transitions": Case("/orders/O0001/transitions", *NOBODYS, {"to": "cancelled"}),
    "POST /orders/{name}/notes": Case("/orders/O0001/notes", *NOBODYS, {"words": "rien de neuf"}),
    "GET /tickets": Case("/tickets", *ALL),
    "POST /tickets": Case("/tickets", *ALL, {"line": "L0002", "wholesaler": "gros"}),
    "GET /tickets/{name}": Case("/tickets/K0001", *NOBODYS),
    "POST /tickets/{name}/transitions": Case("/tickets/K0001/transitions", *NOBODYS, {"to": "cancelled"}),
    "POST /tickets/{name}/notes": Case("/tickets/K0001/notes", *NOBODYS, {"words": "rien de neuf"}),
    "GET /invoices": Case("/invoices", *ALL),
    "GET /invoices/{name}": Case("/invoices/F0001", *NOBODYS),
    "GET /works": Case("/works", *ALL),
    "POST /works": Case("/works", *ALL, {"subjects": ["device:vpn"], "title_fr": "Essai", **LATER}),
    "GET /works/{name}": Case("/works/W0001", *NOBODYS),
    "PATCH /works/{name}": Case("/works/W0001", *NOBODYS, {"title_fr": "Autre chose"}),
    "POST /works/{name}/cancel": Case("/works/W0001/cancel", *NOBODYS),
    "GET /incidents": Case("/incidents", *ALL),
    "POST /incidents": Case("/incidents", *ALL, {"subjects": ["device:vpn"], "title_fr": "Essai"}),
    "GET /incidents/{name}": Case("/incidents/I0001", *NOBODYS),
    "POST /incidents/{name}/notes": Case("/incidents/I0001/notes", *NOBODYS, {"words_fr": "On cherche."}),
    "POST /incidents/{name}/close": Case("/incidents/I0001/close", *NOBODYS, {"words_fr": "Tout est revenu."}),
    # Places and machines
    "GET /sites": Case("/sites", *ALL),
    "POST /sites": Case("/sites", *ALL, {"name": "grenier"}),
    "GET /sites/{name}": Case("/sites/cave", *NOBODYS),
    "PATCH /sites/{name}": Case("/sites/cave", *NOBODYS, {"description": "en bas"}),
    "POST /sites/{name}/rooms": Case("/sites/cave/rooms", *NOBODYS, {"name": "fond"}),
    "GET /racks": Case("/racks", *ALL),
    "POST /racks": Case("/racks", *ALL, {"site": "cave", "name": "B", "units": 10}),
    "GET /racks/{name:path}": Case("/racks/cave/A", *NOBODYS),
    "PATCH /racks/{name:path}": Case("/racks/cave/A", *NOBODYS, {"units": 12}),
    "GET /feeds": Case("/feeds", *ALL),
    "POST /feeds": Case("/feeds", *ALL, {"site": "cave", "name": "EDF-B"}),
    "GET /feeds/{name:path}": Case("/feeds/cave/EDF-A", *NOBODYS),
    "PATCH /feeds/{name:path}": Case("/feeds/cave/EDF-A", *NOBODYS, {"amps": 20}),
    "POST /feeds/{name:path}/end": Case("/feeds/cave/EDF-A/end", *NOBODYS, {}),
    "GET /devices": Case("/devices", *ALL),
    "POST /devices": Case("/devices", *ALL, {"name": "ns1", "site": "cave", "role": "dns", "platform": "debian"}),
    "POST /devices/host": Case("/devices/host", *ALL, {"name": "pi", "site": "cave", "owner": "M0003"}),
    "GET /devices/{name}": Case("/devices/tour", *ROW),
    "PATCH /devices/{name}": Case("/devices/tour", *DEED, {"watts": 30}),
    "POST /devices/{name}/describe": Case("/devices/tour/describe", *OWN_DEED, {"description": "une tour"}),
    "POST /devices/{name}/place": Case("/devices/tour/place", *DEED, {"rack": "cave/A", "unit": 1}),
    "POST /devices/{name}/move": Case("/devices/tour/move", *DEED, {"rack": "cave/A", "unit": 2}),
    "POST /devices/{name}/take-out": Case("/devices/tour/take-out", *DEED, {}),
    "POST /devices/{name}/retire": Case("/devices/tour/retire", *DEED, {}),
    "POST /devices/{name}/interfaces": Case("/devices/tour/interfaces", *DEED, {"name": "eth1"}),
    "POST /devices/{name}/interfaces/change": Case(
        "/devices/tour/interfaces/change", *DEED, {"name": "eth0", "description": "devant"}
    ),
    "POST /devices/{name}/links": Case("/devices/tour/links", *DEED, {"interface": "eth0", "reference": "X-1"}),
    "POST /devices/{name}/links/end": Case("/devices/tour/links/end", *DEED, {"interface": "eth0"}),
    "POST /devices/{name}/outlets": Case("/devices/tour/outlets", *DEED, {"labels": ["1"]}),
    "POST /devices/{name}/plugs": Case("/devices/tour/plugs", *DEED, {"feed": "cave/EDF-A"}),
    "POST /devices/{name}/plugs/end": Case("/devices/tour/plugs/end", *DEED, {}),
    "POST /devices/{name}/secrets": Case("/devices/tour/secrets", *DEED, {"purpose": "snmp"}),
    "GET /equipment": Case("/equipment", *ALL),
    "POST /equipment": Case("/equipment", *ALL, {"kind": "box"}),
    "GET /equipment/{name}": Case(f"/equipment/{Q}", *ROW),
    "POST /equipment/{name}/lend": Case(f"/equipment/{Q}/lend", *DEED, {"member": "M0003"}),
    "POST /equipment/{name}/return": Case(f"/equipment/{Q}/return", *DEED, {}),
    "POST /equipment/{name}/refund": Case(f"/equipment/{Q}/refund", *DEED, {"cents": 100}),
    "POST /equipment/{name}/retire": Case(f"/equipment/{Q}/retire", *DEED, {}),
    # Money: tariffs are open, everyone reads their own account, and chooses for themselves what they give
    "GET /tariffs": Case("/tariffs", *PUBLIC),
    "GET /tariffs/{name}": Case("/tariffs/kind:adherent:regular:2020-01-01", *PUBLIC),
    "POST /tariffs/set": Case("/tariffs/set", *ALL, {"of": "offer:vpn", "cents": 600, "per": "month"}),
    "GET /balances": Case("/balances", *ALL),
    "GET /balances/{name}": Case(f"/balances/{M}", *ROW),
    "POST /balances/{name}/charge": Case(f"/balances/{M}/charge", *DEED, {"cents": 500, "label": "visite"}),
    "POST /balances/{name}/choose": Case(f"/balances/{M}/choose", *OWN_DEED, {"what": "membership", "cents": 1200}),
    "POST /balances/{name}/pause": Case(
        f"/balances/{M}/pause", *DEED, {"what": "membership", "since": "2026-12-01", "until": "2027-01-01"}
    ),
    "POST /balances/{name}/refund": Case(f"/balances/{M}/refund", *DEED, {"cents": 100}),
    "GET /dues": Case("/dues", *ALL),
    "GET /dues/{name}": Case("/dues/D0001", *ROW),
    "POST /dues/issue": Case("/dues/issue", *ALL, {"month": "2026-10"}),
    "POST /dues/regularise": Case("/dues/regularise", *ALL, {"month": "2026-10"}),
    "POST /dues/{name}/correct": Case("/dues/D0001/correct", *DEED, {"cents": 100, "reason": "essai"}),
    "GET /payments": Case("/payments", *ALL),
    "POST /payments": Case("/payments", *ALL, {"member": M, "cents": 100}),
    "GET /payments/{name}": Case("/payments/P0001", *ROW),
    "GET /payments/{name}/receipt": Case("/payments/P0001/receipt", *ROW),
    "GET /balances/{name}/statement": Case(f"/balances/{M}/statement", *ROW),
    "GET /balances/{name}/years/{year}": Case(f"/balances/{M}/years/2026", *ROW),
    "POST /payments/gift": Case("/payments/gift", *ALL, {"member": M, "cents": 100}),
    "POST /payments/{name}/reverse": Case("/payments/P0001/reverse", *DEED, {"reason": "essai"}),
    "GET /bank/accounts": Case("/bank/accounts", *ALL),
    "GET /bank/accounts/{name}": Case("/bank/accounts/courant", *NOBODYS),
    "GET /bank/entries": Case("/bank/entries?waiting=true", *ALL),
    "GET /bank/entries/{name}": Case("/bank/entries/B0001", *NOBODYS),
    "POST /bank/entries/{name}/match": Case("/bank/entries/B0001/match", *NOBODYS, {"parts": [{"member": M}]}),
    "POST /bank/entries/{name}/unmatch": Case("/bank/entries/B0001/unmatch", *NOBODYS, {"reason": "essai"}),
    "POST /bank/entries/{name}/file": Case("/bank/entries/B0001/file", *NOBODYS, {"account": "gifts"}),
    "POST /bank/entries/{name}/unfile": Case("/bank/entries/B0001/unfile", *NOBODYS, {"reason": "essai"}),
    "POST /bank/entries/{name}/refund": Case("/bank/entries/B0001/refund", *NOBODYS, {"member": M}),
    "GET /debit-mandates": Case("/debit-mandates", *ALL),
    "GET /debit-mandates/{name:path}": Case("/debit-mandates/M0002-1", *ROW),
    "GET /collections": Case("/collections", *ALL),
    "GET /collections/{name}": Case("/collections/V0001", *NOBODYS),
    # Suggestions: whoever may write what is their own may make one
    "GET /suggestions": Case("/suggestions", *ALL),
    "POST /suggestions": Case(
        "/suggestions", REFUSED, OPEN, {"deed": "line.change", "arguments": {"line": "L0002", "place": "2 rue"}}
    ),
    "GET /suggestions/{name}": Case("/suggestions/G0001", *ROW),
    "POST /suggestions/{name}/accept": Case("/suggestions/G0001/accept", *DEED),
    "POST /suggestions/{name}/refuse": Case("/suggestions/G0001/refuse", *OWN_DEED),
    # Alerts: whoever is on call for one place sees those of that place, hence an empty list
    "GET /alerts": Case("/alerts", *ALL, elsewhere=OPEN),
    "GET /alerts/{name}": Case("/alerts/A0001", *NOBODYS),
    "POST /alerts/{name}/acknowledge": Case("/alerts/A0001/acknowledge", *NOBODYS),
    # What machines draw, alike
    "GET /power": Case("/power?month=2026-10", *ALL, elsewhere=OPEN),
    "GET /costs/report": Case("/costs/report?month=2026-01", *ALL),
    # Changes of machines
    "GET /changes": Case("/changes", *ALL),
    "GET /changes/{name}": Case("/changes/C0001", *NOBODYS),
    "GET /changes/{name}/diff": Case("/changes/C0001/diff", *NOBODYS),
    "POST /changes/{name}/approve": Case("/changes/C0001/approve", *NOBODYS),
    "POST /changes/{name}/apply": Case("/changes/C0001/apply", *NOBODYS),
    "POST /changes/apply": Case("/changes/apply", *NOBODYS, {"changes": ["C0001"]}),
    "POST /changes/{name}/reject": Case("/changes/C0001/reject", *NOBODYS, {"why": "non"}),
    "POST /changes/{name}/revert": Case("/changes/C0001/revert", *NOBODYS),
    "POST /changes/plan": Case("/changes/plan", *ALL, {}),
}


@dataclass
class World:
    """An association, and what each person's program shows."""

    store: Store
    client: TestClient
    shown: dict[str, dict[str, str]]

    def ask(self, who: str, method: str, case: Case) -> httpx2.Response:
        headers = dict(self.shown[who])
        if method == "PATCH":
            headers["If-Match"] = "*"
        body = {"json": case.body} if case.body is not None else {}
        headers["Essaim-Why"] = "essai"
        return self.client.request(method, f"/api/v1{case.path}", headers=headers, **body)


@pytest.fixture
def world(store: Store, act: Act, tmp_path: Path) -> Iterator[World]:
    """Ada holds every mandate, Béa has one of each thing, Charlie has nothing; Dana's mandates are for elsewhere."""
    act = replace(act, at=clock.now() - timedelta(days=2))
    with transaction(store) as session:
        ada, bea, charlie, dana = (
            members.add_member(session, act, f"{name} Exemple") for name in ("Ada", "Béa", "Charlie", "Dana")
        )
        _furnish(session, act, bea)
        _debited(session, act, bea, dana)
        mandates.give(session, act, ada, Task.MANDATES_GIVE)
        hers = replace(act, actor=str(ada))
        for task in Task:
            if task != Task.MANDATES_GIVE:
                mandates.give(session, hers, ada, task)
            if task.limitable:
                mandates.give(session, hers, dana, task, scope="site:ailleurs")
        every = [task.value for task in Task]
        shown = {"nobody": {}, "garbled": {"Authorization": "Bearer essaim_" + "x" * 43}}
        for name, member, tasks in (
            ("own", bea, ["own"]),
            ("reading", bea, []),
            ("right", ada, every),
            ("narrow", ada, []),
            ("stranger", charlie, []),
            ("wrong scope", dana, sorted({task.value for task in Task if task.limitable})),
            ("dead", ada, every),
        ):
            days = 1 if name == "dead" else 90
            deed = replace(act, actor=str(member))
            _, token = tokens.create_token(session, deed, member, name, tasks, days=days)
            shown[name] = {"Authorization": f"Bearer {token}"}
        cookie = accounts.sign_in(
            session, accounts.sign_in_link(session, replace(hers, at=clock.now()), ada), clock.now()
        )
        shown["cookie"] = {"Cookie": f"essaim-8642={cookie}"}
    url = store.engine.url.render_as_string(hide_password=False)
    app = create(Settings(var=tmp_path, driver="console", database_url=url))
    with transaction(app.state.samples) as session:
        burning = Alert(
            rule="machine-silent", subject="vpn", severity="urgent", words_fr="vpn se tait", words_en="vpn is silent"
        )
        burning.scopes, burning.since = "device:vpn\nsite:cave", clock.now()
        session.add(burning)
    with TestClient(app, base_url=URL) as client:
        yield World(store, client, shown)


def _furnish(session: Any, act: Act, bea: Member) -> None:
    cave, _ = places.add_site(session, act, "cave"), places.add_site(session, act, "ailleurs")
    vpn = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=cave)
    tour = devices.add_device(session, act, "tour", role="server", platform="debian", site=cave, owner=bea)
    devices.add_interface(session, act, tour, "eth0")
    places.add_rack(session, act, cave, "A", units=10)
    power.add_feed(session, act, cave, "EDF-A")
    v4 = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/25"), handed=32, device=vpn)
    offer = offers.add_offer(session, act, "vpn", "VPN", "wireguard", device=vpn, pool_v4=v4)
    adsl = offers.add_offer(session, act, "adsl", "ADSL", "adsl", realm="essai.example")
    lines.order_line(session, act, bea, offer, Ordering(public_key=KEYS[0]))
    copper = lines.order_line(session, act, bea, adsl, Ordering(nd="0199001234"))
    gros = wholesalers.add_wholesaler(session, act, "gros", Terms(collection="white-label", sister="sœur"))
    copper = lines.find_line(session, str(copper))
    suggestions.suggest(session, replace(act, actor=str(bea)), ChangeLine(str(copper), place="1 rue de l'Exemple"))
    orders.place_order(session, act, copper, gros)
    tickets.open_ticket(session, act, copper, gros, news=News(words="plus rien"))
    told = reading.Told(month=clock.Month(2026, 10))
    csv = b"facture;date;ref;produit;montant\n2026-10;2026-10-31;L0002;ACC-ADSL;18,00\n"
    importing.keep(session, act, gros, reading.read("gros.csv", csv, Mapping(), told)[0])
    subjects = works.find_subjects(session, ["device:vpn"])
    begin = act.at + timedelta(days=9)
    works.announce_works(session, act, subjects, Wording(title_fr="Essai"), begin, begin + timedelta(hours=1))
    works.open_incident(session, act, subjects, Wording(title_fr="Essai"))
    _owing(session, act, bea)
    box = equipment.add_equipment(session, act, "box")
    equipment.lend(session, act, box, bea)
    tokens.create_token(session, act, bea, "laptop")
    desired = {"essaim.nft": "table inet essaim {}\n"}
    (target,) = (one for _, one in targets.every_target(session) if one.artifact.name == "antispoofing")
    seen = Seen({}, texts.unified({}, desired))
    changes.propose(session, act, Wanted(vpn.id, target, desired), seen)


def _owing(session: Any, act: Act, bea: Member) -> None:
    """Béa owes something, paid more than that, and may choose what her membership is worth to her."""
    set_tariff(
        session, act, "adherent", Euros(1500), per=Per.YEAR, label="Cotisation", since=date(2020, 1, 1), floor=Euros(0)
    )
    charge(session, act, bea, Euros(2500), "déplacement")
    day = clock.today(act.at)
    record_payment(session, act, bea, Euros(4000), date=day, means=Means.CASH)
    account = bank.add_account(session, act, "courant", IBAN)
    statement = camt([Move(day - timedelta(days=3), 1500, "VIR COTISATION")], opening=None)
    bank_files.read_file(session, act, account, statement, "releve.xml")


def _debited(session: Any, act: Act, bea: Member, dana: Member) -> None:
    """Béa signed a mandate; from Dana, who owes something, it is to be collected."""
    for one in (bea, dana):
        debit_mandates.sign(session, act, one, IBAN, signed=clock.today(act.at))
    charge(session, act, dana, Euros(1000), "visite")
    day = debit_collections.first_day(session, clock.today(act.at))
    debit_collections.collect(session, act, day, lambda _: False)


def routes(routers: Iterable[Any]) -> Iterator[str]:
    """Every route of the application, whatever included it."""
    for one in routers:
        if hasattr(one, "original_router"):
            yield from routes(one.original_router.routes)
        elif one.path.startswith("/api/") and not one.path.endswith("/openapi.json"):
            yield from (f"{method} {one.path.removeprefix('/api/v1')}" for method in one.methods)


def test_every_route_is_in_the_table_and_no_other(world: World) -> None:
    assert sorted(TABLE) == sorted(routes(world.client.app.routes))  # type: ignore[attr-defined]


def asked(world: World, who: str) -> dict[str, int]:
    """What someone gets for each row of the table: who reads comes first, as what is done may end a row."""
    order = sorted(TABLE, key=lambda name: not name.startswith("GET"))
    return {name: world.ask(who, name.split()[0], TABLE[name]).status_code for name in order}


def test_whoever_is_nobody_gets_nothing(world: World) -> None:
    assert set(asked(world, "nobody").values()) == {401}
    assert set(asked(world, "dead").values()) == {401, 429}


@pytest.mark.parametrize("who", ["stranger", "wrong scope"])
def test_whoever_has_no_mandate_here_learns_nothing_of_others(world: World, who: str) -> None:
    away = who == "wrong scope"
    wanted = {name: case.elsewhere if away and case.elsewhere else case.stranger for name, case in TABLE.items()}
    assert asked(world, who) == wanted
    for place in ("GET /alerts", "GET /power") if away else ():
        assert world.ask(who, "GET", TABLE[place]).json() == {"items": [], "next": None}


def test_a_token_of_fewer_tasks_than_its_owner_does_no_more(world: World) -> None:
    assert asked(world, "narrow") == {name: case.stranger for name, case in TABLE.items()}


def test_a_token_that_was_not_made_to_write_ones_own_only_reads_it(world: World) -> None:
    assert asked(world, "reading") == {
        name: case.own if name.startswith("GET") or case.own != OPEN else REFUSED for name, case in TABLE.items()
    }


def test_ones_own_is_there_to_read_and_in_part_to_change(world: World) -> None:
    got = asked(world, "own")
    wrong = {}
    for name, case in TABLE.items():
        fine = {200, 201, 404, 409, 422} if case.own == OPEN and not name.startswith("GET") else {case.own}
        if got[name] not in fine:
            wrong[name] = (got[name], case.own)
    assert wrong == {}


def test_whoever_holds_the_mandate_may(world: World) -> None:
    got = asked(world, "right")
    assert {name: status for name, status in got.items() if status in (401, 403, 412, 428, 500)} == {}
    reads = {name: status for name, status in got.items() if name.startswith("GET")}
    absent = {name for name, status in reads.items() if status != 200}
    assert absent == {f"GET /{path}" for path in NOT_THERE}


def test_a_cookie_reads_with_ones_mandates_and_never_writes(world: World) -> None:
    got = asked(world, "cookie")
    assert {status for name, status in got.items() if not name.startswith("GET")} == {401}
    assert {status for name, status in got.items() if name.startswith("GET")} <= {200, 404}
    assert got["GET /members"] == 200
