"""`essaim receipt`: money on paper, on the screen or as PDF; a mail with what someone owes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.amounts import Member
from cli.door import Json, Why, help_of, noun, settings, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.papers.content import Paper
    from foundation.acts import Act

commands = noun("Relevés et reçus, à l'écran ou en PDF", "Statements and receipts, on the screen or as PDF")

ToFile = Annotated[
    Path | None, typer.Option("--pdf", metavar="recu.pdf", help=help_of("dans ce fichier", "into this file"))
]
Year = Annotated[int, typer.Option("--year", metavar="2026", help=help_of("l'année civile", "the calendar year"))]


@commands.command(
    help=help_of("Le reçu d'un paiement : essaim receipt payment P0042", "A payment's receipt: … payment P0042")
)
def payment(number: Annotated[str, typer.Argument(metavar="P0042")], pdf: ToFile = None, as_json: Json = False) -> None:
    """What was received, and what it settles."""
    from billing.payments import find_payment
    from desk import papers

    _hand(lambda session, act: papers.payment_paper(session, settings(), act, find_payment(session, number)), pdf,
          as_json=as_json)  # fmt: skip


@commands.command(
    help=help_of(
        "Le récapitulatif d'une année : essaim receipt year M0042 --year 2026", "A year's summary: … --year 2026"
    )
)
def year(member: Member, asked: Year, pdf: ToFile = None, as_json: Json = False) -> None:
    """What was paid in a year: dues, services and gifts, each apart."""
    from billing.payments import payer
    from desk import papers

    _hand(lambda session, act: papers.year_paper(session, settings(), act, payer(session, member), asked), pdf,
          as_json=as_json)  # fmt: skip


@commands.command(
    help=help_of(
        "Le relevé d'un compte : essaim receipt balance M0042", "A statement: essaim receipt balance M0042 --mail"
    )
)
def balance(
    member: Member,
    pdf: ToFile = None,
    mail: Annotated[
        bool, typer.Option("--mail", help=help_of("l'écrire à cette personne", "write it to this person"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """What is owed, why, since when, what was paid, how to pay."""
    from billing.payments import payer
    from cli.door import act, store
    from desk import papers

    if mail:
        opened = store()
        to = papers.mail_balance(opened, settings(), act(opened, why), member)
        return screen.say(Phrase("Écrit à {to}.", "Written to {to}."), to=to)
    return _hand(lambda session, act: papers.balance_paper(session, settings(), act, payer(session, member)), pdf,
                 as_json=as_json)  # fmt: skip


@commands.command(
    help=help_of(
        "Le reçu fiscal des dons d'une année, si les impôts l'ont permis (rescrit)",
        "The tax receipt of a year's gifts, where the tax office allowed it (rescrit)",
    )
)
def gifts(member: Member, asked: Year, pdf: ToFile = None, why: Why = "", as_json: Json = False) -> None:
    """A numbered receipt for gifts alone; asked again, it is the same one."""
    from billing.payments import payer
    from desk import papers

    _hand(lambda session, act: papers.gifts_paper(session, settings(), act, payer(session, member), asked), pdf,
          as_json=as_json, why=why, keep=True)  # fmt: skip


def _hand(
    made: Callable[[Session, Act], Paper], pdf: Path | None, *, as_json: bool, why: str = "", keep: bool = False
) -> None:
    """A paper into a file, to a program, or onto the screen."""
    from billing.papers import typesetting

    with writing(why, keep=keep) as (session, act):
        paper = made(session, act)
        octets = typesetting.pdf(paper) if pdf is not None else b""
    if pdf is not None:
        # It holds someone's name and money: whoever else is on this machine does not read it.
        with os.fdopen(os.open(pdf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(octets)
    if as_json:
        return screen.give(paper)
    if pdf is not None:
        return screen.say(Phrase("{title} : {file}", "{title}: {file}"), title=paper.title, file=pdf)
    return _show(paper)


def _show(paper: Paper) -> None:
    screen.line(f"{paper.title} · {paper.association} · {paper.dated}")
    for sentence in paper.sentences:
        screen.line(sentence)
    for one in paper.tables:
        screen.line(one.heading)
        screen.table(
            [Phrase.said(name, name) for name in one.columns], [*one.rows, *([one.total] if one.total else [])]
        )
    if paper.transfer is not None:
        screen.line(paper.transfer.heading)
        for label, text in paper.transfer.rows:
            screen.say(Phrase("{label} : {text}", "{label}: {text}"), label=label, text=text)
        if not paper.transfer.code and paper.transfer.beside:
            screen.line(paper.transfer.beside)
    for note in paper.notes:
        screen.line(note)
    screen.say(Phrase("En PDF : ajouter --pdf FICHIER", "As PDF: add --pdf FILE"))
