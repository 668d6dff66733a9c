"""An association's own templates: which there are, and what is wrong with them before any machine is looked at.

A file of the folder takes the place of ours of the same name. It is read in the same sandbox: it sees the facts it is
given and nothing else (foundation/text.py).
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from jinja2 import TemplateError, TemplateSyntaxError

from foundation.errors import NotFound, Refused
from foundation.speech import LANGUAGES, Phrase
from foundation.text import environment
from provisioning import texts
from provisioning.specimens import CANARY, SPECIMENS, Specimen
from provisioning.template_facts import exists, facts_of

PACKAGE: Final = "provisioning"


class NoSuchTemplate(NotFound):
    """No template of that name, ours or theirs."""

    kind = "no-such-template"
    phrase = Phrase(
        "Aucun modèle « {name} ». Ceux qu'il y a : essaim template list",
        "There is no template “{name}”. Those there are: essaim template list",
    )


class TemplatesAmiss(Refused):
    """Something is wrong with the association's own templates."""

    kind = "templates-amiss"
    phrase = Phrase(
        "{count} erreur(s) dans vos modèles, dites ci-dessus. Rien n'a été changé.",
        "{count} error(s) in your templates, said above. Nothing was changed.",
    )


class Weight(StrEnum):
    """How much something matters."""

    ERROR = "error"
    REMARK = "remark"

    @property
    def phrase(self) -> Phrase:
        """The weight as people read it."""
        return Phrase("erreur", "error") if self is Weight.ERROR else Phrase("à savoir", "to know")


@dataclass(frozen=True, slots=True)
class Family:
    """The templates that one room ships, and facts to try them with, by name."""

    package: str
    specimens: Mapping[str, Specimen]

    @property
    def names(self) -> frozenset[str]:
        """What it ships."""
        loader = environment(self.package).loader
        return frozenset(one for one in loader.list_templates() if one.endswith(ENDING)) if loader else frozenset()


ENDING: Final = ".j2"
MACHINES: Final = Family(PACKAGE, SPECIMENS)
"""What goes to machines, and to members about their lines."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a template: where (line 0: the whole file), and what."""

    template: str
    line: int
    weight: Weight
    what: Phrase


@dataclass(frozen=True, slots=True)
class Listed:
    """A template, and the file of theirs that is used in its place, if any. `known`: it is one of ours, too."""

    name: str
    theirs: str | None
    known: bool


_SYNTAX: Final = Phrase("ne se lit pas : {reason}", "cannot be read: {reason}")
_UNDEFINED: Final = Phrase(
    "{fact} n'existe pas : ce modèle ne se remplira pas", "{fact} does not exist: this template will not fill in"
)
_NOT_OURS: Final = Phrase(
    "{fact} n'est pas un fait que notre modèle emploie : vérifier qu'il existe",
    "{fact} is no fact that our template uses: check that it exists",
)
_UNUSED: Final = Phrase("{fact} est dans notre modèle, pas dans le vôtre", "{fact} is in our template, not in yours")
_FAILS: Final = Phrase("ne se remplit pas : {reason}", "does not fill in: {reason}")
_OPEN: Final = Phrase(
    "un secret y serait en clair dans les diffs : l'écrire comme notre modèle, là où Essaim sait le cacher",
    "a secret would stand in the open in diffs: write it as our template does, where Essaim knows how to hide it",
)
_LOST: Final = Phrase(
    "Essaim n'y retrouve plus les lignes ({lines}) : garder la forme de notre modèle autour d'elles",
    "Essaim no longer finds the lines in it ({lines}): keep the form of our template around them",
)
_UNENDED: Final = Phrase("ne finit pas par une fin de ligne", "does not end with an end of line")
_NOT_TRIED: Final = Phrase(
    "rien pour l'essayer ici : seulement comparé au nôtre. Ses secrets ne sont pas cherchés : relire le diff du plan",
    "nothing to try it with here: only compared with ours. Secrets are not looked for: read the plan's diff",
)
_NOBODYS: Final = Phrase(
    "aucun modèle de ce nom ici : rien ne l'emploie, à moins qu'un des vôtres l'inclue",
    "there is no template of this name here: nothing uses it, unless one of yours includes it",
)


def listed(folder: Path, families: Sequence[Family] = (MACHINES,)) -> list[Listed]:
    """Every template by name: ours, and theirs."""
    ours, theirs = {name for one in families for name in one.names}, _theirs(folder)
    return [
        Listed(name, str(theirs[name]) if name in theirs else None, name in ours) for name in sorted({*ours, *theirs})
    ]


def source(folder: Path, name: str, families: Sequence[Family] = (MACHINES,), *, ours: bool = False) -> str:
    """The text of a template: theirs where they have one, unless `ours`. Raises NoSuchTemplate."""
    theirs = {} if ours else _theirs(folder)
    family = _family(families, name)
    if name not in theirs and name not in family.names:
        raise NoSuchTemplate(name=name[:80])
    if name in theirs:
        return theirs[name].read_text(encoding="utf-8")
    return (importlib.resources.files(family.package) / "templates" / name).read_text(encoding="utf-8")


def check(folder: Path, families: Sequence[Family] = (MACHINES,)) -> list[Finding]:
    """What is to be said of every template of theirs, in order."""
    found = (_checked(folder, name, _family(families, name)) for name in sorted(_theirs(folder)))
    return [finding for each in found for finding in sorted(each, key=_rank)]


def _rank(finding: Finding) -> tuple[bool, int, str]:
    return finding.weight is Weight.REMARK, finding.line, finding.what.en


def _family(families: Sequence[Family], name: str) -> Family:
    """Which family a name belongs to; one that nobody ships is taken for a machine's."""
    return next((one for one in families if name in one.names), families[0])


def _checked(folder: Path, name: str, family: Family) -> Iterator[Finding]:
    env, plain = environment(family.package, folder), environment(family.package)
    known = name in family.names
    try:
        theirs = facts_of(env.parse(source(folder, name, (family,))))
    except TemplateSyntaxError as wrong:
        yield _error(name, wrong.lineno, _SYNTAX, reason=wrong.message or "")
        return
    if not known:
        yield Finding(name, 0, Weight.REMARK, _NOBODYS)
        return
    ours = facts_of(plain.parse(source(folder, name, (family,), ours=True)))
    specimen = family.specimens.get(name)
    amiss = False
    for fact, line in sorted(theirs.items()):
        whole = fact.rpartition(".")[0].removesuffix("[]")
        if specimen is not None and not exists(specimen.facts, fact):
            if whole in theirs and not exists(specimen.facts, whole):
                continue  # said of the whole
            amiss = True
            yield _error(name, line, _UNDEFINED, fact=fact)
        elif specimen is None and fact not in ours:
            yield Finding(name, line, Weight.REMARK, _said(_NOT_OURS, fact=fact))
    for fact in sorted(ours.keys() - theirs.keys()):
        yield Finding(name, 0, Weight.REMARK, _said(_UNUSED, fact=fact))
    if specimen is None:
        yield Finding(name, 0, Weight.REMARK, _NOT_TRIED)
    elif not amiss:
        yield from _tried(folder, name, specimen, family)


def _tried(folder: Path, name: str, specimen: Specimen, family: Family) -> Iterator[Finding]:
    """What comes of filling it in, and of looking at that as a change would."""
    try:
        text = environment(family.package, folder).get_template(name).render(specimen.facts)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        yield _error(name, getattr(wrong, "lineno", 0) or 0, _FAILS, reason=str(wrong).splitlines()[0][:200])
        return
    if not text.endswith("\n"):
        yield _error(name, 0, _UNENDED)
    if specimen.artifact is None:
        return
    shown = texts.redacted(text, specimen.artifact.secrets, lambda _: "‹›")
    if CANARY in shown:
        yield _error(name, 0, _OPEN)
    expected = environment(PACKAGE).get_template(name).render(specimen.facts)
    lost = set(specimen.artifact.lines({}, {specimen.file: expected})) - set(
        specimen.artifact.lines({}, {specimen.file: text})
    )
    if lost:
        yield _error(name, 0, _LOST, lines=", ".join(sorted(lost)))


def _theirs(folder: Path) -> dict[str, Path]:
    """The association's own, by name."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob(f"*{ENDING}")) if path.is_file()}


def _error(name: str, line: int, phrase: Phrase, **facts: object) -> Finding:
    return Finding(name, line, Weight.ERROR, _said(phrase, **facts))


def _said(phrase: Phrase, **facts: object) -> Phrase:
    return Phrase.said(*(phrase.say(language, **facts) for language in LANGUAGES))
