"""Commands on the association as a whole: `init`, `poll`, `backup`, `restore`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, settings, store
from foundation.speech import Phrase


def init(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help=help_of("avec 150 membres qui n'existent pas", "with 150 members who do not exist")
        ),
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help=help_of(
                "avec --demo : deux bordures, OpenVPN, DNS, radio", "with --demo: two edges, OpenVPN, DNS, radio"
            ),
        ),
    ] = False,
) -> None:
    """Create an association; never over another."""
    from desk import association

    here = settings()
    with screen.progress(Phrase("L'association se crée", "Creating the association")):
        if demo or whole:
            association.create_demo(here, whole=whole)
        else:
            association.create(here).engine.dispose()
    screen.say(
        Phrase(
            "Une association est née dans {folder}. Gardez une copie de {key} ailleurs : "
            "sans elle, une sauvegarde ne s'ouvre pas. Ensuite : essaim member add 'Camille Faure'",
            "An association is born in {folder}. Keep a copy of {key} elsewhere: without it a backup does not open. "
            "Next: essaim member add 'Camille Faure'",
        ),
        folder=here.var,
        key=here.vault_key,
    )


def upgrade() -> None:
    """Bring the association to this version's schema."""
    from desk import upgrade as upgrading
    from desk.association import actor

    opened = store()
    with screen.progress(Phrase("La base est mise à jour", "Bringing the database up to date")):
        before, after = upgrading.upgrade(opened, actor(opened, None))
    screen.say(
        Phrase("La base est déjà à jour ({after}).", "The database is up to date already ({after}).")
        if before == after
        else Phrase(
            "La base est à jour : de {before} à {after}.", "The database is up to date: from {before} to {after}."
        ),
        before=before,
        after=after,
    )


def poll(as_json: Json = False) -> None:
    """Read the machines over SNMP and the connections of lines."""
    from cli import alert
    from desk import alerting, polling
    from foundation import clock

    opened, here, at = store(), settings(), clock.now()
    with screen.progress(Phrase("Les machines sont relevées", "Polling the machines")):
        report = polling.poll(opened, here, at)
        watched = alerting.watch(opened, here, at, report)
    if as_json:
        screen.give(
            {
                "answered": report.answered,
                "unanswered": {each.machine: each.error.sentence(screen.language()) for each in report.unanswered},
                "alerts": watched.open,
            }
        )
    else:
        for answered in report.answered:
            screen.say(
                Phrase("✓ {machine} : valeurs lues : {count}.", "✓ {machine}: values read: {count}."),
                machine=answered.machine,
                count=answered.values,
            )
        for silent in report.unanswered:
            screen.say(
                Phrase("✗ {machine} : {reason}", "✗ {machine}: {reason}"),
                machine=silent.machine,
                reason=silent.error.sentence(screen.language()),
            )
        if not (report.answered or report.unanswered):
            screen.say(
                Phrase(
                    "Aucune machine à relever : l'inventaire n'en a pas encore.",
                    "No machine to poll: the inventory has none yet.",
                )
            )
        alert.say(watched)
    if report.unanswered:
        raise typer.Exit(report.unanswered[0].error.exit_status)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar", help=help_of("où l'écrire", "where to write it"))],
) -> None:
    """Write everything but the vault's key into one file, while others work."""
    from desk import backup as keeping

    here = settings()
    written = keeping.backup(store(), here, file)
    screen.say(
        Phrase(
            "{file} ({size}) contient l'association, sans la clé du coffre : gardez {key} ailleurs. "
            "La reprendre : ESSAIM_VAR=autre-dossier essaim restore {file} --key {key}",
            "{file} ({size}) holds the association, without the vault's key: keep {key} elsewhere. "
            "To bring it back: ESSAIM_VAR=other-folder essaim restore {file} --key {key}",
        ),
        file=file,
        size=screen.volume(written),
        key=here.vault_key,
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar")],
    key: Annotated[Path | None, typer.Option(help=help_of("la clé du coffre", "the vault's key"))] = None,
) -> None:
    """Bring a backup back into an empty folder."""
    from desk import backup as keeping

    here = settings()
    count = keeping.restore(here, file, key)
    screen.say(
        Phrase(
            "L'association est revenue dans {folder} ; son journal est intact ({count} entrées).",
            "The association is back in {folder}; its journal is whole ({count} entries).",
        ),
        folder=here.var,
        count=count,
    )


def demo(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help=help_of("sans attendre personne, et dire si tout va", "waiting for nobody, and saying if all is well"),
        ),
    ] = False,
) -> None:
    """The guided tour, on a demonstration association of its own."""
    from cli import tour

    raise typer.Exit(tour.run(settings(), check=check))
