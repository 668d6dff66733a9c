"""What the portal's own pages say, in both languages. What rooms say is said by the rooms."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase
from inventory.models.addresses import Role
from inventory.models.suggestions import SuggestionState

SKIP: Final = Phrase("Aller au contenu", "Skip to content")
OTHER_LANGUAGE: Final = Phrase("English", "Français")
SIGN_OUT: Final = Phrase("Me déconnecter", "Sign out")
MENU: Final = Phrase("Navigation", "Navigation")
NETWORK_STATUS: Final = Phrase("État du réseau", "Network status")
FREE_SOFTWARE: Final = Phrase(
    "Essaim est un logiciel libre (AGPL), écrit par et pour les fournisseurs d'accès associatifs.",
    "Essaim is free software (AGPL), written by and for associative Internet providers.",
)

SIGN_IN: Final = Phrase("Me connecter", "Sign in")
SIGN_IN_TITLE: Final = Phrase("Connexion", "Signing in")
SIGN_IN_LEAD: Final = Phrase(
    "On entre ici avec un lien personnel, sans mot de passe.",
    "You come in here with a personal link, without a password.",
)
SIGN_IN_HOW: Final = Phrase(
    "Demandez votre lien à une personne bénévole de l'association, par le moyen que vous voulez : "
    "elle le crée en une commande et vous le transmet. Il vaut quinze minutes et sert une seule fois.",
    "Ask a volunteer of the association for your link, by any means you like: "
    "they make it with one command and pass it on to you. It is good for fifteen minutes, and only once.",
)
LANDING_TITLE: Final = Phrase("Bienvenue", "Welcome")
LANDING_LEAD: Final = Phrase(
    "Votre lien est prêt. Ce bouton ouvre votre espace chez {association}.",
    "Your link is ready. This button opens your space at {association}.",
)
LANDING_ONCE: Final = Phrase(
    "Le lien sert une seule fois. Votre connexion durera quatorze jours sur ce navigateur, "
    "ou jusqu'à ce que vous vous déconnectiez.",
    "The link works once. You will stay signed in for fourteen days in this browser, or until you sign out.",
)

HELLO: Final = Phrase("Bonjour {name}", "Hello {name}")
EMERGENCY: Final = Phrase(
    "Urgence {number}, à relire par une personne qui donne les mandats : {actor} a agi sans mandat le {since}. "
    "Pourquoi : {why}",
    "Emergency {number}, to be reviewed by someone who gives mandates: {actor} acted without a mandate on {since}. "
    "Why: {why}",
)
WORKS: Final = Phrase("Travaux et incidents annoncés", "Works and incidents announced")
LINES: Final = Phrase("Vos lignes", "Your lines")
NO_LINE: Final = Phrase(
    "Aucune ligne à votre nom pour l'instant. Un VPN se commande en deux minutes, une ligne ADSL ou une machine "
    "hébergée en un échange : écrivez à l'association.",
    "No line in your name yet. A VPN takes two minutes to order, an ADSL line or a hosted machine one conversation: "
    "write to the association.",
)
ADDRESSES: Final = Phrase("Vos adresses", "Your addresses")
NO_ADDRESS: Final = Phrase(
    "Pas encore d'adresse : elles viennent avec la mise en service.",
    "No address yet: they come when the line goes into service.",
)
CARRIED_BY: Final = Phrase("Technologie", "Technology")
SHARED: Final = Phrase("Partage", "Sharing")
SHARED_WITH: Final = Phrase(
    "Vous partagez cette ligne et son coût à {count}.", "This line and its cost are shared by {count} of you."
)

MONEY: Final = Phrase("Votre compte", "Your account")
HOW_TO_PAY: Final = Phrase("Référence à indiquer", "Reference to quote")
HOW_TO_PAY_WHY: Final = Phrase(
    "C'est toujours la même : indiquez-la dans le libellé de vos virements.",
    "It never changes: write it in the label of your transfers.",
)
NEVER_CUT: Final = Phrase(
    "Un retard ne coupe jamais une ligne. Si c'est difficile en ce moment, parlez-en à l'association.",
    "Being late never cuts a line. If things are difficult at the moment, talk to the association.",
)
SEE_DUES: Final = Phrase("Mes dus : tout voir, payer, choisir un montant", "My dues: all of it, paying, choosing")
OPEN_DUES: Final = Phrase("Le détail", "The details")
DUE_FOR: Final = Phrase("Pour", "For")
DUE_LEFT: Final = Phrase("Reste à payer", "Still to pay")
TOTAL: Final = Phrase("En tout", "In all")

DIAGNOSE: Final = Phrase("Pourquoi ça ne marche pas ?", "Why does it not work?")
DIAGNOSE_AGAIN: Final = Phrase("Regarder de nouveau", "Look again")
DIAGNOSE_TAKES: Final = Phrase(
    "Nous interrogeons nos machines : cela prend jusqu'à vingt secondes.",
    "We ask our machines: this takes up to twenty seconds.",
)
NAMES_FAIL: Final = Phrase(
    "Les noms : rien ne s'ouvre par son nom, mais le reste passe",
    "Names: nothing opens by its name, while the rest passes",
)
FACTS: Final = Phrase("Ce que nous avons vu", "What we saw")
TRIES: Final = Phrase("À essayer", "To try")
BESIDES: Final = Phrase("Par ailleurs", "Besides")
UNSEEN: Final = Phrase("Ce que nous n'avons pas pu regarder", "What we could not look at")

CORRECT: Final = Phrase("Nommer ou corriger", "Name or correct")
NAME: Final = Phrase("Donner un nom à une adresse", "Name an address")
NAME_WHY: Final = Phrase(
    "C'est ce que d'autres lisent à la place de vos chiffres (DNS inverse). Vous choisissez ; le nom sera visible dès "
    "la prochaine mise à jour de nos serveurs de noms.",
    "It is what others read in the place of your numbers (reverse DNS). It is yours to choose, and shows with the next "
    "update of our name servers.",
)
ADDRESS: Final = Phrase("Adresse", "Address")
HOST_NAME: Final = Phrase("Nom", "Name")
HOST_NAME_LIKE: Final = Phrase("serveur.association.example", "server.association.example")
NAMED: Final = Phrase("s'appelle {name}", "is called {name}")
KEEP_NAME: Final = Phrase("Enregistrer ce nom", "Keep this name")
SUGGEST: Final = Phrase("Suggérer une correction", "Suggest a correction")
SUGGEST_WHY: Final = Phrase(
    "Où est cette ligne ? Une personne bénévole lit votre suggestion avant que rien ne change, et vous dit ce qu'il en "
    "est.",
    "Where is this line? A volunteer reads your suggestion before anything changes, and tells you what becomes of it.",
)
PLACE: Final = Phrase("Adresse de la ligne", "Address of the line")
WORD: Final = Phrase("Un mot d'explication, si vous voulez", "A word of explanation, if you like")
SEND: Final = Phrase("Envoyer la suggestion", "Send the suggestion")
SUGGESTED: Final = Phrase("Vos suggestions", "Your suggestions")
DECIDED_ON: Final = Phrase("le {at}", "on {at}")
BECAUSE: Final = Phrase("Pourquoi : {reason}", "Why: {reason}")
TAKE_BACK: Final = Phrase("Reprendre {number}", "Take {number} back")

TAKEN_AWAY: Final = Phrase("à effacer", "to be taken away")
SUGGESTED_FIELDS: Final = {
    "place": PLACE,
    "nd": Phrase("Numéro de la ligne de cuivre", "Number of the copper line"),
    "pto": Phrase("Prise optique", "Optical socket"),
    "building": Phrase("Immeuble", "Building"),
    "address": ADDRESS,
    "name": HOST_NAME,
    "offer": Phrase("Offre", "Offer"),
    "public_key": Phrase("Clé publique", "Public key"),
}
SUGGESTION_SHAPES: Final = {
    SuggestionState.WAITING: ("waiting", "◌"),
    SuggestionState.ACCEPTED: ("up", "●"),
    SuggestionState.REFUSED: ("down", "■"),
}

YOUR_MACHINES: Final = Phrase("Vos machines hébergées", "Your hosted machines")
MEASURED: Final = Phrase("Ce que cette machine a dit d'elle-même.", "What this machine said of itself.")
GRAPHS: Final = Phrase("Graphes", "Graphs")
NO_GRAPH: Final = Phrase(
    "Cette machine n'a encore rien dit. La relever : essaim poll",
    "This machine has said nothing yet. To poll it: essaim poll",
)
MORE_GRAPHS: Final = Phrase(
    "Les suivants se voient dans un terminal : essaim graph {name} --metric …",
    "The next ones are seen in a terminal: essaim graph {name} --metric …",
)
THE_OTHERS: Final = Phrase("Les {count} autres", "The {count} others")
FIGURES: Final = Phrase("Les chiffres", "The figures")
SINCE: Final = Phrase("Depuis", "Since")
UNTIL: Final = Phrase("Jusqu'au", "Until")
RECEIVED: Final = Phrase("Reçu", "Received")
SENT: Final = Phrase("Envoyé", "Sent")
UNKNOWN: Final = Phrase("inconnu", "unknown")
CONNECTIONS: Final = Phrase("Vos connexions", "Your connections")
CONNECTIONS_WHY: Final = Phrase(
    "Les sept derniers jours, d'après le début, la fin et le total de chaque connexion. De votre trafic, rien "
    "d'autre n'est gardé.",
    "The last seven days, from when each connection began, when it ended and its total. Of your traffic nothing "
    "else is kept.",
)
NO_CONNECTION: Final = Phrase("Aucune connexion ces sept derniers jours.", "No connection in the last seven days.")
QUALITY: Final = Phrase("La qualité de votre ligne", "The quality of your line")
QUALITY_WHY: Final = Phrase(
    "Nous pouvons mesurer comment passe votre ligne : un écho toutes les dix secondes vers votre box, ce qui se perd "
    "et le temps de réponse. Cela montre aussi quand votre box est éteinte : c'est à vous de dire oui, et vous "
    "pourrez revenir dessus, tout sera alors effacé.",
    "We can measure how well your line carries: an echo to your box every ten seconds, what is lost and how long "
    "answers take. It shows when your box is off, too: it is for you to say yes, and you may take it back, which "
    "deletes everything.",
)
QUALITY_AGREED: Final = Phrase(
    "Votre ligne est mesurée, avec votre accord ; les bénévoles qui veillent sur le réseau voient ces courbes.",
    "Your line is measured, as you agreed; the volunteers who watch the network see these curves.",
)
QUALITY_AGREE: Final = Phrase("Oui, mesurer ma ligne", "Yes, measure my line")
QUALITY_WITHDRAW: Final = Phrase("Ne plus la mesurer, et tout effacer", "Measure it no more, and delete everything")
LASTS: Final = Phrase("elle dure", "it lasts")

NOT_FOUND: Final = Phrase("Introuvable", "Not found")
REFUSED: Final = Phrase("Cela n'a pas pu se faire", "This could not be done")
GO_HOME: Final = Phrase("Revenir à l'accueil", "Back to the home page")

ROLE: Final = {
    Role.WAN: Phrase("votre adresse sur Internet", "your address on the Internet"),
    Role.ROUTED: Phrase("routée jusqu'à vous", "routed to you"),
    Role.DELEGATED: Phrase("pour votre réseau", "for your own network"),
    Role.LOOPBACK: Phrase("de bouclage", "loopback"),
    Role.LINK: Phrase("d'interconnexion", "for interconnection"),
}
