"""The status of a line in one sentence, for its member. Pure: plain values in, plain values out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from foundation.speech import Language, Octets, Phrase
from inventory.models.lines import LineState
from monitoring.connections import GONE, REPLACED, SILENT, LastConnection

FRESH: Final = timedelta(minutes=15)
"""What was seen longer ago than this is said with its age: it may no longer be so."""


class State(StrEnum):
    """How a line is, for the one who uses it."""

    UP = "up"
    DOWN = "down"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    CLOSED = "closed"


SHAPES: Final[dict[State, str]] = {
    State.UP: "●",
    State.DOWN: "■",
    State.WAITING: "◌",
    State.SUSPENDED: "▲",
    State.CLOSED: "◌",
}
"""A shape goes with the word, so that colour is never alone."""

WORDS: Final[dict[State, Phrase]] = {
    State.UP: Phrase("en service", "in service"),
    State.DOWN: Phrase("coupée", "down"),
    State.WAITING: Phrase("en attente", "waiting"),
    State.SUSPENDED: Phrase("suspendue", "suspended"),
    State.CLOSED: Phrase("fermée", "closed"),
}

_UP = Phrase(
    "En service depuis {lasting}, depuis {remote} ; {received} reçus, {sent} envoyés.",
    "In service for {lasting}, from {remote}; {received} received, {sent} sent.",
)
_UP_FROM_NOWHERE = Phrase(
    "En service depuis {lasting} ; {received} reçus, {sent} envoyés.",
    "In service for {lasting}; {received} received, {sent} sent.",
)
_UP_LAST_TIME = Phrase(
    "En service à la dernière mesure, il y a {age} ; {received} reçus, {sent} envoyés.",
    "In service when last seen, {age} ago; {received} received, {sent} sent.",
)
_DOWN = Phrase(
    "Coupée depuis le {until} : {cause}.",
    "Down since {until}: {cause}.",
)
_NEVER_SEEN = Phrase(
    "Prête, mais jamais vue connectée.",
    "Ready, but never seen connected.",
)
_BY_STATE: Final[dict[LineState, tuple[State, Phrase]]] = {
    LineState.REQUESTED: (State.WAITING, Phrase("En attente : demandée.", "Waiting: requested.")),
    LineState.ORDERED: (
        State.WAITING,
        Phrase("En attente : commandée, pas encore livrée.", "Waiting: ordered, not yet delivered."),
    ),
    LineState.SUSPENDED: (
        State.SUSPENDED,
        Phrase(
            "Suspendue : ses adresses sont gardées, les connexions sont refusées.",
            "Suspended: its addresses are kept, connections are refused.",
        ),
    ),
    LineState.CLOSED: (State.CLOSED, Phrase("Fermée.", "Closed.")),
    LineState.CANCELLED: (State.CLOSED, Phrase("Annulée avant sa livraison.", "Cancelled before delivery.")),
}

_UNSAID = Phrase("raison inconnue", "for an unknown reason")
_CAUSES: Final[dict[str, Phrase]] = {
    SILENT: Phrase("plus aucun signe de chez vous", "no more sign from your side"),
    REPLACED: Phrase("une autre connexion l'a remplacée", "another connection took its place"),
    GONE: Phrase("le serveur ne la connaît plus", "the server no longer knows it"),
    "User-Request": Phrase("la box a raccroché", "the router hung up"),
    "Lost-Carrier": Phrase("le signal est perdu", "the signal was lost"),
    "Lost-Service": Phrase("la box ne répond plus", "the router no longer answers"),
    "Idle-Timeout": Phrase("aucun trafic", "no traffic"),
    "Session-Timeout": Phrase("durée maximale atteinte", "its time was over"),
    # l2tpns says so for a box that hangs up as well as for a volunteer's hand.
    "Admin-Reset": Phrase("la session a été fermée", "the session was closed"),
    "Admin-Reboot": Phrase("l'équipement de collecte redémarre", "the access server restarts"),
    "Port-Error": Phrase("erreur sur la ligne", "an error on the line"),
    "NAS-Error": Phrase("erreur de l'équipement de collecte", "an error of the access server"),
    "NAS-Request": Phrase("l'équipement de collecte a coupé la connexion", "the access server ended the connection"),
    "NAS-Reboot": Phrase("l'équipement de collecte a redémarré", "the access server restarted"),
    "User-Error": Phrase("erreur de la box", "an error of the router"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """A line's state and its one sentence, with the values that the sentence takes."""

    state: State
    sentence: Phrase
    values: dict[str, object] = field(default_factory=dict)

    @property
    def shape(self) -> str:
        """The state as a shape: ● in service, ■ down, ▲ suspended, ◌ waiting or closed."""
        return SHAPES[self.state]

    @property
    def word(self) -> Phrase:
        """The state as a word."""
        return WORDS[self.state]

    def say(self, language: Language) -> str:
        """The sentence, in the reader's language."""
        return self.sentence.say(language, **self.values)


def status(connection: LastConnection | None, line_state: LineState, at: datetime) -> Status:
    """How a line is at `at`, from its state in the inventory and what was last seen of it."""
    if line_state in _BY_STATE:
        return Status(*_BY_STATE[line_state])
    if connection is None:
        return Status(State.WAITING, _NEVER_SEEN)
    if connection.until is not None:
        values = {"until": connection.until, "cause": _CAUSES.get(connection.cause, _UNSAID)}
        return Status(State.DOWN, _DOWN, values)
    exchanged: dict[str, object] = {"received": Octets(connection.received), "sent": Octets(connection.sent)}
    age = at - connection.last_seen
    if age > FRESH:
        return Status(State.UP, _UP_LAST_TIME, {"age": age, **exchanged})
    lasting = max(at - connection.since, timedelta(seconds=1))
    if connection.remote is None:
        return Status(State.UP, _UP_FROM_NOWHERE, {"lasting": lasting, **exchanged})
    return Status(State.UP, _UP, {"lasting": lasting, "remote": connection.remote, **exchanged})
