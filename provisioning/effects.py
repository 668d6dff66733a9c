"""What changes do to people, in words and together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foundation.speech import Phrase
from provisioning.artifact import Effect, Impact

SHOWN = 8


def words(effect: Effect) -> Phrase:
    """One sentence about people's connections."""
    match effect.impact, effect.count:
        case Impact.CUTS, 0:
            return Phrase("Coupe toutes les connexions qui y passent.", "Cuts every connection that goes through it.")
        case Impact.CUTS, 1:
            return Phrase("Coupe 1 connexion.", "Cuts 1 connection.")
        case Impact.CUTS, count:
            return Phrase(f"Coupe {count} connexions.", f"Cuts {count} connections.")
        case Impact.HITLESS, _:
            return Phrase("Ne coupe personne.", "Cuts nobody.")
        case _:
            return Phrase("Sans effet sur les connexions.", "No effect on connections.")


def total(effects: Iterable[Effect]) -> Effect:
    """The effect of several changes together: every cut counts."""
    each = list(effects)
    cuts = [one.count for one in each if one.impact is Impact.CUTS]
    if cuts:
        return Effect(Impact.CUTS, 0 if 0 in cuts else sum(cuts))
    hitless = any(one.impact is Impact.HITLESS for one in each)
    return Effect(Impact.HITLESS if hitless else Impact.NONE)


def some(lines: Sequence[str]) -> str:
    """A few line numbers, and how many more."""
    more = f" … (+{len(lines) - SHOWN})" if len(lines) > SHOWN else ""
    return ", ".join(lines[:SHOWN]) + more if lines else "—"
