"""`essaim search`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, looking
from foundation.speech import Phrase

_NEXT = {
    "member": "essaim member show {name}",
    "line": "essaim line show {name}",
    "address": "essaim address show {name}",
    "device": "essaim device show {name}",
    "equipment": "essaim equipment show {name}",
    "order": "essaim order show {name}",
    "ticket": "essaim ticket show {name}",
    "pool": "essaim pool show {name}",
}


def search(
    word: Annotated[
        str,
        typer.Argument(
            metavar="WORD",
            help=help_of(
                "un nom, un e-mail, un numéro, une adresse, un identifiant, un ND, une MAC, un n° de série",
                "a name, an e-mail, a number, an address, a login, a line's number, a MAC, a serial",
            ),
        ),
    ],
    limit: Annotated[
        int, typer.Option(min=1, max=200, help=help_of("au plus, de chaque sorte", "at most, of each sort"))
    ] = 20,
    as_json: Json = False,
) -> None:
    """Whatever a word leads to."""
    from inventory import search as searching

    with looking() as session:
        found = searching.search(session, word, limit=limit)
    first = _NEXT[found[0].kind].format(name=found[0].name) if found else ""
    screen.listing(
        found,
        {
            "kind": Phrase("quoi", "what"),
            "name": Phrase("lequel", "which"),
            "matched": Phrase("trouvé dans", "found in"),
        },
        as_json=as_json,
        empty=Phrase(
            "« {word} » n'est écrit nulle part. Un seul mot, sans accents ni majuscules, suffit.",
            "“{word}” is written nowhere. One word is enough, without accents or capitals.",
        ),
        then=Phrase("Trouvés : {count}. Le premier : {first}", "Found: {count}. The first: {first}"),
        word=word,
        first=first,
    )
