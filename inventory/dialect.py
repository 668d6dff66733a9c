"""What a wholesaler calls things, in our words: one TOML file a wholesaler's interface, in `inventory/mappings/`.

An interface has several resources, each with states of its own, and the same word may mean different things in two of
them. A word alone is understood where one meaning fits the order as it stands; else it is said with its resource:
`order/in_progress`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from foundation.errors import Invalid, Refused
from foundation.speech import LANGUAGES, Phrase
from inventory.models.wholesale import OrderState


class NoSuchMapping(Invalid):
    """No mapping file of that name."""

    kind = "no-such-mapping"
    phrase = Phrase(
        "Pas de correspondance nommée « {mapping} ». Il y a : {mappings}.",
        "There is no mapping named “{mapping}”. There are: {mappings}.",
    )


class UnknownWord(Refused):
    """A word that the wholesaler's mapping does not have."""

    kind = "unknown-word"
    phrase = Phrase(
        "« {word} » n'est pas un mot connu de « {mapping} ». Rien n'a été changé. {words}",
        "“{word}” is not a word that “{mapping}” knows. Nothing was changed. {words}",
    )


class TwofoldWord(Refused):
    """A word that means two things here."""

    kind = "twofold-word"
    phrase = Phrase(
        "« {word} » peut vouloir dire deux choses ici. Rien n'a été changé. Précisez : {words}.",
        "“{word}” may mean two things here. Nothing was changed. Say which: {words}.",
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """One interface of a wholesaler: `words` by resource and word, `guarantees` as it writes them."""

    name: str
    title: str
    words: dict[tuple[str, str], OrderState]
    guarantees: dict[str, str]

    def means(self, word: str, now: OrderState, legal: frozenset[OrderState]) -> OrderState:
        """The state that a word of theirs means, for an order that is `now` and may become one of `legal`.

        Raises UnknownWord with the words that are near, else with those that fit the order; TwofoldWord with those to
        choose from. Where no meaning fits, the first one is given, for whoever moves the order to refuse.
        """
        meant = {each: state for each, state in self.words.items() if word in (each[1], "/".join(each))}
        if not meant:
            raise UnknownWord(word=word[:60], mapping=self.name, words=self._instead(word, legal | {now}))
        fitting = {each: state for each, state in meant.items() if state == now or state in legal}
        if len(set(fitting.values())) > 1:
            raise TwofoldWord(word=word, words=["/".join(each) for each in fitting])
        return next(iter((fitting or meant).values()))

    def _instead(self, word: str, fitting: frozenset[OrderState]) -> Phrase:
        """What to say instead of a word that is not theirs, each with what it means."""
        meanings = dict(zip(self.known(), self.words.values(), strict=True))
        near = get_close_matches(word, meanings, n=3, cutoff=0.7)
        if near:
            fr, en = (", ".join(f"{one} ({meanings[one].phrase.say(lang)})" for one in near) for lang in LANGUAGES)
            return Phrase.said(f"Le plus proche : {fr}.", f"The nearest: {en}.")
        shown = [one for one in meanings if meanings[one] in fitting] or list(meanings)
        fr, en = ("".join(f"\n  {one}: {meanings[one].phrase.say(lang)}" for one in shown) for lang in LANGUAGES)
        return Phrase.said(
            f"Mots connus qui conviennent ici :{fr.replace(': ', ' : ')}", f"Known words that fit here:{en}"
        )

    def known(self) -> list[str]:
        """All its words; with their resource where two have the same one."""
        every = [word for _, word in self.words]
        return [word if every.count(word) == 1 else f"{resource}/{word}" for resource, word in self.words]


@cache
def dialects() -> dict[str, Dialect]:
    """Every interface that we know, by the name of its file."""
    folder = files("inventory") / "mappings"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {each.name[:-5]: _read(each.name[:-5], each.read_text(encoding="utf-8")) for each in found}


def dialect(name: str) -> Dialect:
    """The interface of that name. Raises NoSuchMapping."""
    found = dialects().get(name)
    if found is None:
        raise NoSuchMapping(mapping=name[:40], mappings=list(dialects()))
    return found


def _read(name: str, text: str) -> Dialect:
    told = tomllib.loads(text)
    words = {
        (resource, word): OrderState(state)
        for resource, table in told["words"].items()
        for word, state in table.items()
    }
    return Dialect(name, told["title"], words, told.get("guarantees", {}))
