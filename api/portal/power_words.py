"""What pages say of electricity and of hosted machines."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

OUTSIDE: Final = Phrase(
    "Ce que nous voyons de l'extérieur : sa prise, son port de commutateur, et si elle répond.",
    "What we see from outside: its outlet, its switch port, and whether it answers.",
)
POWER: Final = Phrase("Électricité", "Electricity")
DRAWS: Final = Phrase("Elle tire {watts} W en ce moment.", "It draws {watts} W at the moment.")
DRAWS_UNKNOWN: Final = Phrase(
    "Ce qu'elle tire en ce moment n'est pas connu.", "What it draws at the moment is not known."
)
BEYOND: Final = Phrase(
    "C'est plus que les {declared} W déclarés. Rien ne sera coupé pour cela : parlons-en.",
    "That is more than the {declared} W that were declared. Nothing will be cut for it: let us talk.",
)
THIS_MONTH: Final = Phrase("Ce mois-ci : {kwh} kWh.", "This month: {kwh} kWh.")
NO_GRAPH: Final = Phrase("Rien n'en a encore été mesuré.", "Nothing of it was measured yet.")
RENEWABLE: Final = Phrase("Renouvelable à {percent} %.", "Renewable to {percent} %.")
SHEET: Final = Phrase("La fiche de {month}", "The sheet of {month}")
OUTLET: Final = Phrase("Prise {path} : {state}", "Outlet {path}: {state}")
PORT: Final = Phrase("Port {path} : {state}", "Port {path}: {state}")
ON: Final = Phrase("sous tension", "powered")
OFF: Final = Phrase("coupée", "off")
UP: Final = Phrase("actif", "up")
DOWN: Final = Phrase("inactif", "down")
UNKNOWN: Final = Phrase("état inconnu", "state unknown")
REBOOT: Final = Phrase("Couper et rallumer sa prise…", "Switch its outlet off and on again…")
REBOOT_TITLE: Final = Phrase("Redémarrer {name} par sa prise", "Reboot {name} by its outlet")
REBOOT_WHAT: Final = Phrase(
    "La prise {outlets} sera coupée quelques secondes, puis rallumée. {name} ne s'arrête pas proprement : ce qui n'est "
    "pas écrit sur son disque est perdu. Si elle répond encore, mieux vaut la redémarrer d'elle-même.",
    "Outlet {outlets} will be off for some seconds, then on again. {name} does not shut down: what is not written to "
    "its disk is lost. If it still answers, better reboot it from inside.",
)
REBOOT_TYPE: Final = Phrase("Pour confirmer, tapez son nom : {name}", "To confirm, type its name: {name}")
REBOOT_WHY: Final = Phrase("Un mot de pourquoi, si vous voulez", "A word of why, if you like")
REBOOT_DO: Final = Phrase("Couper et rallumer", "Switch off and on again")
REBOOTED: Final = Phrase(
    "La prise {outlets} s'est éteinte et se rallume : {name} redémarre.",
    "Outlet {outlets} went off and comes back on: {name} is booting.",
)
BACK: Final = Phrase("Revenir à {name}", "Back to {name}")
SHEET_TITLE: Final = Phrase("{name}, {month}", "{name}, {month}")
SHEET_LEAD: Final = Phrase(
    "{kwh} kWh ; {mean} W en moyenne, {peak} W au plus.", "{kwh} kWh; {mean} W on average, {peak} W at most."
)
SHEET_DECLARED: Final = Phrase("Puissance déclarée : {declared} W.", "Declared power: {declared} W.")
SHEET_OUTLETS: Final = Phrase("Prise : {outlets}.", "Outlet: {outlets}.")
BY_DAY: Final = Phrase("Jour par jour", "Day by day")
DAY: Final = Phrase("Jour", "Day")
KWH: Final = Phrase("kWh", "kWh")
MEAN: Final = Phrase("W en moyenne", "W on average")
PEAK: Final = Phrase("W au plus", "W at most")
UNKNOWN_HOURS: Final = Phrase("h inconnues", "h unknown")
PERCENT: Final = Phrase("% renouvelable", "% renewable")
