"""What the page of the cost price says, in both languages."""

from __future__ import annotations

from typing import Final

from foundation.money import Euros
from foundation.speech import Phrase

TITLE: Final = Phrase("Combien donner ?", "How much to give?")
LEAD: Final = Phrase(
    "Ce que coûte vraiment chaque ligne à {association}, en {period} : de quoi choisir ce que vous donnez.",
    "What each line truly costs {association}, in {period}: so that you can choose what you give.",
)
MADE_OF: Final = Phrase("De quoi c'est fait", "What it is made of")
COST: Final = Phrase("coût", "cost")
A_MONTH: Final = Phrase("par ligne et par mois", "a line and month")
A_YEAR: Final = Phrase("par adhésion et par an", "a membership and year")
IN_ALL: Final = Phrase("en tout", "in all")
TOTAL: Final = Phrase("Total", "Total")
COVERED: Final = Phrase(
    "Ce que donnent les membres en couvre {percent} %.", "What members give covers {percent}% of it."
)
MEAN: Final = Phrase("En moyenne, on donne {mean}.", "On average, one gives {mean}.")
UNTOLD: Final = Phrase(
    "Ce que donnent les membres n'est pas dit ici : trop peu de personnes, on les reconnaîtrait.",
    "What members give is not told here: there are so few that one would know who they are.",
)
WHO_GIVES: Final = Phrase("Qui donne combien, sans les noms", "Who gives how much, without names")
BAND: Final = Phrase("on donne", "one gives")
PEOPLE: Final = Phrase("membres", "members")
NOTHING: Final = Phrase("rien", "nothing")
FROM: Final = Phrase("de {low} à moins de {high}", "from {low} to less than {high}")
MORE: Final = Phrase("{low} et plus", "{low} and more")
FEW: Final = Phrase("non dit", "not told")
WHY_FEW: Final = Phrase(
    "« Non dit » : moins de cinq personnes, ou de quoi les retrouver par différence.",
    "“Not told”: fewer than five people, or what would give them away by a difference.",
)
WHOLE: Final = Phrase("Tout ce qui a été dépensé", "Everything that was spent")
SPENT: Final = Phrase("{spent} dépensés.", "{spent} spent.")
SPENT_COVERED: Final = Phrase(
    "{spent} dépensés ; ce que donnent les membres en couvre {percent} %.",
    "{spent} spent; what members give covers {percent}% of it.",
)
GIFTS: Final = Phrase("Des dons s'y ajoutent : {gifts}.", "Gifts come on top: {gifts}.")
TO_NOBODY: Final = Phrase("dont {left} réparti sur personne", "of which {left} shared to nobody")
HOW: Final = Phrase(
    "Personne n'est coupé pour avoir donné moins. Les montants sont arrondis une fois, par le plus fort reste : "
    "ce qui est réparti est ce qui a été dépensé, au centime.",
    "Nobody is cut off for giving less. Amounts are rounded once, by largest remainder: what is shared is what was "
    "spent, to the cent.",
)


def band(low: int, high: int | None) -> Phrase:
    """A band of amounts, in words."""
    if high == 1:
        return NOTHING
    least = Euros(0 if low == 1 else low)
    said = {"low": least} if high is None else {"low": least, "high": Euros(high)}
    phrase = MORE if high is None else FROM
    return Phrase.said(phrase.say("fr", **said), phrase.say("en", **said))
