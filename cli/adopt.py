"""`essaim adopt`: what a running machine serves, proposed to the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli import exchange, screen
from cli.door import Json, Why, Yes, act, help_of, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from foundation.acts import Act
    from foundation.database import Store
    from inventory.exchange.plans import Plan
    from provisioning.adopting.proposing import Proposal

_NOT_GUESSED: Final = Phrase(
    "{place} : {kind} {name} n'est proposé à personne : {why}.", "{place}: {kind} {name} is proposed to nobody: {why}."
)
_STAY: Final = Phrase(
    "{count} accès restent sur la machine sans être repris. Les attribuer : écrire M0042 ou un e-mail dans le "
    "commentaire au-dessus, ou essaim adopt {host} --to dossier",
    "{count} ways in stay on the machine without being adopted. To say whose they are: write M0042 or an e-mail in the "
    "comment above, or essaim adopt {host} --to folder",
)


def adopt(
    host: Annotated[
        str, typer.Argument(metavar="vpn", help=help_of("une machine de l'inventaire", "a machine of the inventory"))
    ],
    copy: Annotated[
        Path | None,
        typer.Option("--from", help=help_of("une copie de son /etc, sans SSH", "a copy of its /etc, without SSH")),
    ] = None,
    offer: Annotated[
        list[str] | None,
        typer.Option(metavar="vpn", help=help_of("l'offre des lignes nouvelles", "the offer of lines that are new")),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help=help_of("écrire des CSV à corriger, et s'arrêter là", "write CSV to correct, and stop")),
    ] = None,
    apply: exchange.Apply = False,
    yes: Yes = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Read a machine that serves members already, and propose them to the inventory; nothing on it is changed."""
    from foundation.database import reading
    from provisioning.adopting import weighing

    opened = store()
    deed = act(opened, why)
    with screen.progress(Phrase("La machine est lue et comparée", "Reading and comparing the machine")):
        files = weighing.files_of(opened, settings(), deed, host, copy)
        with reading(opened) as session:
            proposal, plan = weighing.weigh(session, deed, host, files, offer or ())
    if to is not None:
        return _write(opened, deed, proposal, to)
    if not as_json:
        _show(proposal, plan)
    _refuse_problems(proposal, plan, as_json=as_json)
    something = bool(plan.doing or proposal.secrets or proposal.names)
    doing = apply and something and screen.confirm(Phrase("Reprendre ?", "Adopt?"), yes=yes or as_json)
    if doing:
        _take(opened, deed, host, files, offer or [], proposal, plan)
    if as_json:
        return screen.give(_document(proposal, plan, applied=doing))
    return _what_next(something=something, doing=doing)


def _take(
    opened: Store, deed: Act, host: str, files: dict[str, str], offer: list[str], shown: Proposal, plan: Plan
) -> None:
    """Weigh once more, and do what was shown. Raises PlanChanged where the inventory is another by now."""
    from foundation.database import transaction
    from inventory.exchange.applying import PlanChanged
    from provisioning.adopting import taking, weighing

    with screen.progress(Phrase("La machine est reprise", "Adopting the machine")), transaction(opened) as session:
        again, planned = weighing.weigh(session, deed, host, files, offer)
        if planned.steps != plan.steps or (again.secrets, again.names) != (shown.secrets, shown.names):
            raise PlanChanged
        taking.take(session, deed, again, planned)


def _refuse_problems(proposal: Proposal, plan: Plan, *, as_json: bool) -> None:
    """Raises NothingImported where something stands in the way: all of a machine is adopted, or nothing."""
    from inventory.exchange.applying import NothingImported

    if not plan.problems:
        return
    if as_json:
        screen.give(_document(proposal, plan, applied=False))
    first = plan.problems[0]
    said = Phrase.said(first.sentence("fr"), first.sentence("en"))
    several = not as_json and len(plan.problems) > 1
    raise NothingImported(count=len(plan.problems), first=exchange.ABOVE if several else said)


def _show(proposal: Proposal, plan: Plan) -> None:
    exchange.show_plan(plan)
    for one in proposal.secrets:
        screen.say(
            Phrase("Le secret « {name} » de {device} va au coffre.", "{device}'s secret “{name}” goes to the vault."),
            name=one.name,
            device=one.device,
        )
    for named in proposal.names[: exchange.SHOWN]:
        screen.say(Phrase("{address} s'appelle {name}.", "{address} is called {name}."), address=named.address,
                   name=named.name)  # fmt: skip
    for each in proposal.strangers:
        place = f"{each.way.place.file}:{each.way.place.line}"
        screen.say(_NOT_GUESSED, place=place, kind=str(each.way.kind), name=each.way.name, why=each.why)
    if proposal.strangers:
        screen.say(_STAY, count=len(proposal.strangers), host=proposal.device)


def _document(proposal: Proposal, plan: Plan, *, applied: bool) -> dict[str, Any]:
    return {
        **exchange.document(plan, applied=applied),
        "secrets": [{"device": one.device, "name": one.name} for one in proposal.secrets],
        "names": [{"address": str(one.address), "name": one.name} for one in proposal.names],
        "strangers": [
            {"file": one.way.place.file, "line": one.way.place.line, "kind": str(one.way.kind), "name": one.way.name,
             "called": list(one.way.called), "why": one.why}
            for one in proposal.strangers
        ],
    }  # fmt: skip


def _write(opened: Store, deed: Act, proposal: Proposal, folder: Path) -> None:
    """The proposal as files, readable by their owner alone."""
    from foundation import clock
    from foundation.database import transaction
    from inventory.exchange import exporting, files
    from provisioning.adopting import taking

    texts = taking.files(proposal, clock.today(deed.at))
    files.refuse_taken([folder / name for name in texts], force=False)
    with transaction(opened) as session:
        exporting.note_export(session, deed, "adopt")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in texts.items():
        files.write(folder / name, text)
    screen.say(
        Phrase(
            "Écrit dans {folder}, lisible par vous seul·e : des mots de passe y sont, effacez-le ensuite. Sans "
            "membre : {count}. Une fois corrigé : essaim import all {folder} ; puis, pour les secrets de la machine et "
            "les noms : essaim adopt {host}",
            "Written to {folder}, readable by you alone: passwords are in it, delete it afterwards. Without a "
            "member: {count}. Once corrected: essaim import all {folder}; then, for the machine's secrets and the "
            "names: essaim adopt {host}",
        ),
        folder=folder,
        count=len(proposal.strangers),
        host=proposal.device,
    )


def _what_next(*, something: bool, doing: bool) -> None:
    if doing:
        screen.say(
            Phrase(
                "Repris ; rien n'a été changé sur la machine. Ce qui l'en sépare encore : essaim change plan",
                "Adopted; nothing was changed on the machine. What it still differs by: essaim change plan",
            )
        )
    elif something:
        screen.say(
            Phrase(
                "Rien n'est encore fait. Si c'est bien cela : la même commande avec --apply",
                "Nothing is done yet. If this is right: the same command with --apply",
            )
        )
    else:
        screen.say(Phrase("Rien à reprendre : tout est déjà ainsi.", "Nothing to adopt: everything is so already."))
