"""What the lists of the treasury say, in both languages."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

LATE_LEAD: Final = Phrase(
    "En retard de plus de {days} jours : {people}, pour {cents} en tout.",
    "Late by more than {days} days: {people}, with {cents} in all.",
)
LATE_WHY: Final = Phrase(
    "Un retard ne coupe jamais une ligne. Un mot aide plus qu'une relance : demandez si tout va bien.",
    "Being late never cuts a line. A word helps more than a reminder: ask whether all is well.",
)
NOBODY_LATE: Final = Phrase(
    "Personne n'a de retard de plus de {days} jours.", "Nobody is late by more than {days} days."
)
DAYS: Final = Phrase("En retard de plus de … jours", "Late by more than … days")
WEEKS: Final = Phrase("Semaines à venir", "Weeks to come")
LOOK: Final = Phrase("Voir", "Look")
CSV: Final = Phrase("Pour un tableur (CSV)", "For a spreadsheet (CSV)")

MEMBER: Final = Phrase("Membre", "Member")
NAME: Final = Phrase("Nom", "Name")
SINCE: Final = Phrase("Depuis le", "Since")
OWES: Final = Phrase("Doit", "Owes")
DUES: Final = Phrase("Dus", "Dues")
DAY: Final = Phrase("Le", "On")
TONE: Final = Phrase("Ton", "Tone")
TO: Final = Phrase("À", "To")
WHY_NOT: Final = Phrase("Pas de mail, parce que", "No mail, because")
UNTIL: Final = Phrase("Jusqu'au", "Until")
LATE_COLUMNS: Final = (MEMBER, NAME, SINCE, OWES, DUES)
REMINDER_COLUMNS: Final = (DAY, MEMBER, NAME, OWES, SINCE, TONE, TO, WHY_NOT, UNTIL)

NEXT_WEEK: Final = Phrase("Ce qui part la semaine prochaine", "What goes out next week")
GOES_OUT: Final = Phrase("Rappels d'ici {weeks} semaine(s) : {count}.", "Reminders within {weeks} week(s): {count}.")
GOES_WHY: Final = Phrase(
    "Si personne ne paie d'ici là. Rien ne part tout seul : une personne les envoie (essaim reminder send).",
    "If nobody pays before then. Nothing leaves by itself: somebody sends them (essaim reminder send).",
)
NOTHING_GOES: Final = Phrase(
    "Aucun rappel à envoyer d'ici {weeks} semaine(s).", "No reminder to send within {weeks} week(s)."
)
LEFT_IN_PEACE: Final = Phrase("Doivent, et qu'on laisse tranquilles", "Owe, and are left in peace")
