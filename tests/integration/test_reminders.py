"""Kind words to whoever is late: once, through a real mail server, and to nobody who is to be left in peace."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_server import Server, serving
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.allocations import settle
from billing.choices import pause
from billing.dues import charge
from billing.merging import take_over as merge_money
from billing.models import BankAccount, BankEntry, BankFile, Filing, Means, Per, Reminder, Tone
from billing.payments import record_payment
from billing.reference import reference_of
from billing.reminding import reminders
from billing.reminding.reminders import FORTNIGHT, give_time, schedule
from billing.reminding.waiting import transfers_waiting
from billing.reminding.words import TooLong, Why, specimens, template_of
from billing.tariffs import set_tariff
from desk import own_templates, reminding
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import Settings
from foundation.speech import LANGUAGES
from foundation.text import TemplateFailed, overriding, render
from inventory import contacts, members
from inventory.models.people import Member
from provisioning.own_templates import Weight

ROOT = Path(__file__).parents[2]
DAYS = {Tone.GENTLE: 15, Tone.PLAIN: 40, Tone.FIRM: 75}
IBAN = "FR7699999000011234567890189"


def on(year: int, month: int, day: int) -> Act:
    return Act("machine:test", datetime(year, month, day, 12, tzinfo=UTC), "test")


JANUARY, NOW = on(2026, 1, 5), on(2026, 1, 25)
TODAY = date(2026, 1, 25)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as opened:
        yield opened


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(var=folder, name="Les Abeilles", mail_from="bureau@abeilles.example", **more)


def late(session: Session, name: str = "Ada", **more: Any) -> Member:
    """Someone who owes 25,00 € since 5 January 2026, and is called after their mailbox."""
    mailbox = more.pop("email", f"{name.lower()}@membres.example")
    member = members.add_member(session, on(2025, 1, 1), name, email=mailbox, **more)
    charge(session, JANUARY, member, Euros(2500), "visite")
    return member


def planned(session: Session, day: date = TODAY, weeks: int = 0) -> reminders.Calendar:
    return reminders.calendar(session, day, weeks, transfers_waiting(session))


def written_to(session: Session, day: date = TODAY) -> list[tuple[str, str]]:
    return [(one.to, str(one.tone)) for one in planned(session, day).planned]


def left(session: Session) -> list[tuple[str, Why]]:
    found = planned(session)
    assert found.planned == ()
    return [(one.name, one.why) for one in found.not_now]


# When


def test_nobody_is_written_to_before_the_gentle_day(session: Session) -> None:
    late(session)
    assert written_to(session, date(2026, 1, 19)) == []
    assert written_to(session, date(2026, 1, 20)) == [("ada@membres.example", "gentle")]


def test_the_calendar_says_what_goes_out_in_the_weeks_to_come(session: Session) -> None:
    late(session)
    found = planned(session, date(2026, 1, 6), weeks=12).planned
    assert [(one.day, one.tone, one.cents) for one in found] == [
        (date(2026, 1, 20), Tone.GENTLE, 2500),
        (date(2026, 2, 14), Tone.PLAIN, 2500),
        (date(2026, 3, 21), Tone.FIRM, 2500),
    ]


def test_a_due_issued_late_is_as_old_as_its_issue(session: Session) -> None:
    """Whoever is told today of what was due in January is not late today."""
    member = members.add_member(session, on(2025, 1, 1), "Ada", email="ada@membres.example")
    charge(session, on(2026, 6, 1), member, Euros(2500), "visite")
    assert written_to(session, date(2026, 6, 15)) == []
    assert written_to(session, date(2026, 6, 16)) == [("ada@membres.example", "gentle")]


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.lists(st.tuples(st.sampled_from(Tone), st.dates(date(2025, 6, 1), date(2026, 12, 31))), max_size=4),
    st.dates(date(2026, 1, 1), date(2027, 6, 1)),
    st.fixed_dictionaries({tone: st.integers(7, 400) for tone in Tone}),
)
def test_never_two_within_a_fortnight_nor_one_tone_twice(
    since: date, said: list[tuple[Tone, date]], today: date, days: dict[Tone, int]
) -> None:
    before = [(tone, day) for tone, day in said if day <= today]
    found = schedule(since, days, before, today, today + timedelta(days=2000))
    every = sorted(day for day, _ in found)
    assert every == [day for day, _ in found]
    last = [max(day for _, day in before)] if before else []
    assert all(later - earlier >= FORTNIGHT for earlier, later in pairwise(last + every))
    tones = [tone for tone, day in before if day >= since] + [tone for _, tone in found]
    ranks = [list(Tone).index(tone) for _, tone in found]
    assert ranks == sorted(set(ranks))
    assert all(tones.count(tone) == 1 for _, tone in found)
    assert all(day >= max(today, since + timedelta(days=days[tone])) for day, tone in found)


def test_after_the_firm_one_nobody_writes_any_more(store: Store, tmp_path: Path) -> None:
    with transaction(store) as session:
        late(session)
    days = (on(2026, 6, 1), on(2026, 6, 10), on(2026, 6, 15), on(2026, 6, 29), on(2026, 7, 20), on(2027, 1, 1))
    tones = [[str(one.tone) for one in reminding.send(store, settings(tmp_path), each).letters] for each in days]
    assert tones == [["gentle"], [], ["plain"], ["firm"], [], []]
    with reading(store) as session:
        (alone,) = planned(session, date(2027, 1, 1), 50).not_now
        assert alone.why is Why.ALL_SAID


def test_what_is_paid_and_owed_anew_begins_gently_again(store: Store, tmp_path: Path) -> None:
    with transaction(store) as session:
        late(session)
    reminding.send(store, settings(tmp_path), on(2026, 3, 1))
    with transaction(store) as session:
        ada = session.scalars(select(Member).where(Member.name == "Ada")).one()
        record_payment(session, on(2026, 3, 2), ada, Euros(2500), date=date(2026, 3, 2), means=Means.CASH)
        charge(session, on(2026, 4, 1), ada, Euros(1000), "câble")
    sent = reminding.send(store, settings(tmp_path), on(2026, 4, 20))
    assert [one.tone for one in sent.letters] == [Tone.GENTLE]


# Whom not


def test_whoever_owes_nothing_is_never_written_to(session: Session) -> None:
    ada = late(session)
    record_payment(session, NOW, ada, Euros(2500), date=TODAY, means=Means.CASH)
    settle(session)
    assert planned(session, TODAY, 50) == reminders.Calendar((), ())


def test_whoever_asked_for_time_has_it(session: Session) -> None:
    ada = late(session)
    give_time(session, NOW, ada, date(2026, 3, 1))
    found = planned(session, TODAY, 8)
    assert [one.day for one in found.planned] == [date(2026, 3, 1), date(2026, 3, 15)]
    assert [(one.why, one.until) for one in found.not_now] == [(Why.TIME, date(2026, 3, 1))]
    give_time(session, NOW, ada, TODAY)
    assert [one.day for one in planned(session, TODAY, 0).planned] == [TODAY]


@pytest.mark.parametrize("until", [date(2026, 1, 24), date(2027, 2, 1), date(9999, 12, 31)])
def test_time_is_from_today_and_for_a_year_at_most(session: Session, until: date) -> None:
    with pytest.raises(TooLong):
        give_time(session, NOW, late(session), until)


def test_whoever_has_something_paused_is_left_in_peace(session: Session) -> None:

    set_tariff(
        session, on(2020, 1, 1), "adherent", Euros(200), per=Per.MONTH, label="cotisation", since=date(2020, 1, 1)
    )
    ada = late(session)
    pause(session, NOW, ada, "membership", since=TODAY, until=date(2026, 4, 1))
    assert left(session) == [("Ada", Why.PAUSED)]
    assert [one.day for one in planned(session, TODAY, 12).planned] == [date(2026, 4, 1), date(2026, 4, 15)]


def test_whoever_left_is_written_to_by_hand(session: Session) -> None:
    ada = late(session)
    members.leave(session, NOW, ada)
    assert left(session) == [("Ada", Why.LEFT)]


def test_whoever_has_no_mailbox_is_said(session: Session) -> None:
    late(session, email=None)
    assert left(session) == [("Ada", Why.NO_ADDRESS)]


def entry(session: Session, cents: int = 2500, **more: Any) -> BankEntry:
    """A movement of the bank that is nobody's yet."""
    account = session.scalars(select(BankAccount)).first()
    if account is None:
        account = BankAccount(name="courant", kind="bank", iban=IBAN, bic="", holder="Asso", since=TODAY)
        session.add(account)
        session.flush()
    file = BankFile(account_id=account.id, name="f", digest=bytes(32), read_at=NOW.at)
    session.add(file)
    session.flush()
    number = (session.scalar(select(func.max(BankEntry.number))) or 0) + 1
    facts = {"label": "VIREMENT", **more}
    made = BankEntry(
        number=number, account_id=account.id, file_id=file.id, key=str(number), day=TODAY, cents=Euros(cents), **facts
    )
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize(
    "facts",
    [
        {"label": f"VIR INST {reference_of(1)[:6]} {reference_of(1)[6:]} MERCI"},
        {"label": "VIR COTIS M0001"},
        {"label": "VIR", "payer": "MME BÉATRICE DE LA TOUR"},
        {"label": "VIR DE LA TOUR BEATRICE COTIS"},
        {"label": "VIR", "reference": reference_of(1)},
        {"label": "VIR", "end_to_end": reference_of(1)},
    ],
)
def test_whose_transfer_may_wait_is_not_asked_again(session: Session, facts: dict[str, str]) -> None:
    late(session, "Béatrice de La Tour", email="bea@membres.example")
    entry(session, **facts)
    assert left(session) == [("Béatrice de La Tour", Why.TRANSFER)]


def test_a_transfer_from_an_account_that_paid_for_them_waits_for_them(session: Session) -> None:
    ada = late(session)
    seen = entry(session, 100, payer_account=IBAN, label="X")
    record_payment(session, NOW, ada, Euros(100), date=TODAY, means=Means.TRANSFER, entry=seen)
    assert written_to(session) == [("ada@membres.example", "gentle")]
    entry(session, payer_account=IBAN, label="Y")
    assert left(session) == [("Ada", Why.TRANSFER)]


@pytest.mark.parametrize(
    ("cents", "label"), [(2500, "VIR DE M BASILE DUPONT"), (-2500, "VIR M0001"), (2500, "VIR M00012")]
)
def test_somebody_elses_transfer_keeps_nothing_back(session: Session, cents: int, label: str) -> None:
    late(session)
    entry(session, cents, label=label)
    assert written_to(session) == [("ada@membres.example", "gentle")]


def test_a_movement_that_is_filed_waits_no_more(session: Session) -> None:
    late(session)
    made = entry(session, label="VIR M0001")
    session.add(Filing(entry_id=made.id, account="768", cents=made.cents, day=TODAY, at=NOW.at))
    session.flush()
    assert written_to(session) == [("ada@membres.example", "gentle")]


def organisation(session: Session) -> Member:
    return late(session, "Fédération", organisation=True, email="info@federation.example")


def test_an_organisations_technical_contact_is_never_written_to_about_money(session: Session) -> None:
    one = organisation(session)
    contacts.add_contact(session, NOW, one, "email", "INFO@federation.example", purpose="technical")
    assert left(session) == [("Fédération", Why.NO_ADDRESS)]
    contacts.add_referent(session, NOW, one, name="Basile", contact="basile@federation.example", role="technical")
    assert left(session) == [("Fédération", Why.NO_ADDRESS)]
    contacts.add_contact(session, NOW, one, "email", "basile@federation.example", purpose="general")
    assert left(session) == [("Fédération", Why.NO_ADDRESS)]
    contacts.add_referent(session, NOW, one, name="Cléo", contact="cleo@federation.example", role="billing")
    assert written_to(session) == [("cleo@federation.example", "gentle")]


def test_whoever_was_named_for_payments_comes_first(session: Session) -> None:
    ada = late(session)
    contacts.add_contact(session, NOW, ada, "email", "comptes@membres.example", purpose="billing")
    contacts.add_contact(session, NOW, ada, "email", "machines@membres.example", purpose="technical")
    assert written_to(session) == [("comptes@membres.example", "gentle")]


def test_whoever_a_suggestion_of_the_inbox_names_is_not_asked_again(store: Store, tmp_path: Path) -> None:
    """A name and an initial say enough for a suggestion."""
    with transaction(store) as session:
        late(session, "Béatrice de La Tour", email="bea@membres.example")
        late(session, "Basile Roche", email="basile@membres.example")
        entry(session, label="VIR INST DE MME DE LA TOUR B COTIS")
    assert [one.to for one in reminding.send(store, settings(tmp_path), NOW).letters] == ["basile@membres.example"]


def test_what_was_written_and_promised_follows_when_two_files_are_merged(store: Store, tmp_path: Path) -> None:
    with transaction(store) as session:
        other, kept = late(session, "Ada"), late(session, "Ada Exemple", email="a@membres.example")
        give_time(session, NOW, kept, date(2026, 1, 28))
        names = str(other), str(kept)
    assert [one.member for one in reminding.send(store, settings(tmp_path), NOW).letters] == [names[0]]
    with transaction(store) as session:
        merge_money(session, on(2026, 1, 30), *(members.find_member(session, one) for one in names))
    assert reminding.send(store, settings(tmp_path), on(2026, 2, 1)).letters == ()
    with reading(store) as session:
        coming = [one.day for one in planned(session, date(2026, 2, 1), 12).planned]
    assert coming == [date(2026, 2, 14), date(2026, 3, 21)]


# Sending


def test_a_reminder_goes_through_a_real_server_with_all_it_takes_to_pay(
    store: Store, tmp_path: Path, server: Server
) -> None:
    with transaction(store) as session:
        late(session)
        entry(session, label="someone else's")
    sent = reminding.send(store, settings(tmp_path, smtp=server.url), NOW)
    ((to, mailed),) = server.taken
    assert to == "ada@membres.example"
    assert [(one.member, one.cents) for one in sent.letters] == [("M0001", 2500)]
    text = mailed.get_content()
    assert "RF" in text
    assert "FR76 9999 9000 0112 3456 7890 189" in text
    assert "solidaire" in text
    assert mailed["Reply-To"] is None
    with reading(store) as session:
        assert session.scalars(select(Reminder.sent_at)).one() == NOW.at
    assert reminding.send(store, settings(tmp_path, smtp=server.url), NOW).letters == ()
    assert len(server.taken) == 1


def test_two_who_send_at_once_send_once(store: Store, tmp_path: Path, server: Server) -> None:
    with transaction(store) as session:
        for rank in range(12):
            late(session, f"Membre{rank}")
    with ThreadPoolExecutor(4) as lanes:
        done = list(lanes.map(lambda _: reminding.send(store, settings(tmp_path, smtp=server.url), NOW), range(4)))
    assert sum(len(one.letters) for one in done) == 12
    assert sorted(to for to, _ in server.taken) == sorted(f"membre{rank}@membres.example" for rank in range(12))


def test_what_no_server_takes_waits_in_the_outbox_and_is_said(store: Store, tmp_path: Path) -> None:
    with transaction(store) as session:
        late(session)
    sent = reminding.send(store, settings(tmp_path, smtp="smtp://127.0.0.1:1"), NOW)
    assert sent.untold is not None
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1


# Words


def test_an_association_writes_its_own_words(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "reminders"
    own.mkdir(parents=True)
    (own / "gentle.fr.j2").write_text("Coucou {{ reminder.name }}\n\nIl reste {{ reminder.amount }}.\n")
    with transaction(store) as session:
        late(session)
    (letter,) = reminding.send(store, settings(tmp_path), NOW).letters
    assert letter.subject == "Coucou Ada"
    assert letter.text.replace("\u00a0", " ") == "Il reste 25,00 €.\n"
    assert own_templates.check(tmp_path / "templates")[0].weight is Weight.REMARK


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("{{ reminder.nom }}\n\nx\n", "reminder.nom"), ("Un sujet\n", "subject"), ("{% if %}\n", "cannot be read")],
)
def test_a_template_that_will_not_do_is_found_before_and_sends_nothing(
    store: Store, tmp_path: Path, text: str, wrong: str
) -> None:
    own = tmp_path / "templates" / "reminders"
    own.mkdir(parents=True)
    (own / "gentle.fr.j2").write_text(text)
    errors = [one.what.en for one in own_templates.check(tmp_path / "templates") if one.weight is Weight.ERROR]
    assert len(errors) == 1
    assert wrong in errors[0]
    with transaction(store) as session:
        late(session)
    with pytest.raises(TemplateFailed):
        reminding.send(store, settings(tmp_path), NOW)
    with reading(store) as session:
        assert session.scalar(select(func.count(Reminder.id))) == 0
    assert not (tmp_path / "outbox").exists()


def test_a_name_is_only_a_name_in_a_mail(store: Store, tmp_path: Path) -> None:
    with transaction(store) as session:
        late(session, "{{ 7*7 }} {% raise %}", email="x@membres.example")
    assert "49" not in reminding.send(store, settings(tmp_path), NOW).letters[0].text


THREATS = re.compile(
    r"\b(coup\w+|susp\w+|résili\w+|ferm\w+|huissier\w*|contentieux|pénalité\w*|frais|intérêts|dernier avertissement|"
    r"mise en demeure|poursuite\w*|exclu\w*|radi\w+|cut\w*|suspen\w+|terminat\w+|disconnect\w*|penalt\w+|fees?|bailiff|"
    r"lawsuit|legal|court|debt collect\w*|expel\w*|clos\w+|otherwise we)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tone", Tone)
def test_no_words_of_ours_threaten(tone: Tone, language: str) -> None:
    name = template_of(tone, language)  # type: ignore[arg-type]
    with overriding(None):
        text = render("billing", name, specimens()[name])
    assert THREATS.findall(text) == []
    for kind in ({"fr": "solidaire", "en": "solidarity"}, {"fr": "répond", "en": "answer"},
                 {"fr": "accès continue", "en": "access goes on"}):  # fmt: skip
        assert kind[language] in text.lower()
    assert "RF23M0042" in text


@pytest.mark.parametrize("words", ["Votre ligne sera coupée.", "We will suspend your line", "des frais de retard"])
def test_a_threat_would_be_seen(words: str) -> None:
    assert THREATS.findall(words)


def imported(path: Path) -> set[str]:
    """The modules that a module of ours imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


REMINDING = [
    *sorted((ROOT / "billing" / "reminding").glob("[a-z]*.py")),
    ROOT / "billing" / "models" / "reminders.py",
    ROOT / "desk" / "reminding.py",
    ROOT / "cli" / "reminder.py",
]


@pytest.mark.parametrize("path", REMINDING, ids=lambda path: path.stem)
def test_nothing_that_reminds_can_reach_a_line(path: Path) -> None:
    reaching = re.compile(
        r"provisioning|inventory\.(lines|shares|leaving|closing|models\.(lines|access))|desk\.(?!rem)"
    )
    assert {name for name in imported(path) if reaching.match(name)} == set()


# The terminal


def test_the_terminal_says_what_goes_out_and_sends_it(demo: Any) -> None:
    said = demo("reminder", "calendar", "--weeks", "4")
    assert "essaim reminder" in said.out or "essaim dues late" in said.out
    demo("reminder", "hold", "M0042", "--until", "1999-01-01", status=1)
    sent = demo("reminder", "send", "--yes", "--json")
    assert sent.out.startswith("[")
    assert demo("reminder", "send", "--yes", "--json").out.strip() == "[]"
