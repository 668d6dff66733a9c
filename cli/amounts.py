"""Amounts, days and months as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.door import help_of

if TYPE_CHECKING:
    from datetime import date

    from foundation.acts import Act
    from foundation.errors import EssaimError
    from foundation.money import Euros

Member = Annotated[str, typer.Argument(metavar="M0042", help=help_of("ou sa référence RF…", "or their RF…"))]
Amount = Annotated[str, typer.Argument(metavar="35,50")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="…", help=help_of("elle reste dans les comptes", "it stays in the books"))
]


def cents_of(text: str, refused: type[EssaimError], **values: object) -> Euros:
    """The amount that a text says. Raises `refused`, with the text as its `cents`."""
    from foundation.money import Euros

    try:
        return Euros.parse(text)
    except ValueError as unreadable:
        raise refused(cents=text[:40], **values) from unreadable


def day_of(text: str | None, act: Act) -> date:
    """The day that a text says; the day of the act where it says none. Raises BadMoment."""
    from foundation import clock

    return clock.today(act.at if text is None else clock.parse(text))
