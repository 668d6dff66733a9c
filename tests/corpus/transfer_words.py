"""Words of which the corpus is made: names that are common in France, what people write, what banks print."""

from __future__ import annotations


def _each(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMININE = _each(
    "Marie Léa Camille Chloé Françoise Hélène Élodie Anaïs Zoé Noémie Inès Agnès Solène Aurélie Nathalie Sylvie "
    "Monique Catherine Isabelle Valérie Sandrine Céline Émilie Julie Laure Manon Fatima Aïcha Thi-Lan Aminata Maëlys "
    "Gaëlle Rozenn Nolwenn Marie-Louise Anne-Sophie Marie-Thérèse Anne-Laure Jeanne Lucie Margot Clémence Joséphine "
    "Brigitte"
)
MASCULINE = _each(
    "Jean Pierre Michel Julien Jérôme Benoît François Loïc Mathéo Raphaël Gaël Noël Rémi Sébastien Frédéric Grégory "
    "Cédric Stéphane Bruno Alain Thierry Yannick Erwan Ronan Mohamed Karim Mamadou Minh Luc Hugo Théo Léo Antoine "
    "Jean-Pierre Jean-Luc Jean-Baptiste Pierre-Yves Marc-Antoine Paul-Henri Olivier Vincent Guillaume Étienne Émile"
)
EITHER = _each("Camille Dominique Valéry Sacha Alix Charlie Élie Noé Maë Lou Andrea Morgan Swann Eden Gwenn")

COMMON = _each(
    "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David "
    "Bertrand Morel Fournier Girard"
)
SURNAMES = _each(
    "Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier "
    "Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier "
    "Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière "
    "Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard "
    "Aubert Renaud Fabre Lacroix Dupuis Olivier Hubert Bourgeois Moulin Rolland Payet Deschamps Lecomte Guyot Berger "
    "Charpentier Carpentier Vasseur Louis Hérault Béranger Maréchal Prévost Bénard Crépin Thévenot Gâtineau Ménard "
    "Adam Alexandre Allard Antoine Aubry Bailly Barre Baron Baudry Bazin Besnard Besson Bertin Bigot Blin Bodin "
    "Boulanger Boucher Bouchet Bousquet Bouvier Breton Buisson Camus Chauvin Charles Charrier Chartier Collet Cordier "
    "Cousin Coulon Courtois Daniel Delage Delaunay Delmas Descamps Devaux Didier Drouet Ducrocq Dumas Dupuy Etienne "
    "Evrard Ferrand Fleury Forestier Fouquet Gallet Gaudin Germain Gilbert Gillet Godard Gosselin Grenier Gros "
    "Guichard Guillot Hamon Hardy Hebert Huet Humbert Imbert Jacob Jacquet Jourdan Julien Klein Lamy Langlois Laporte "
    "Launay Lebrun Leclercq Lefort Leger Lejeune Lelièvre Lemoine Lenoir Leveque Mallet Marechal Marion Millet Monnier "
    "Navarro Neveu Pasquier Paris Pelletier Peltier Perret Philippe Pichon Poirier Poulain Prigent Raymond Regnier "
    "Reynaud Rey Ribeiro Richet Rodriguez Royer Salmon Sanchez Sauvage Schneider Tanguy Tessier Texier Thibault "
    "Valentin Vaillant Verdier Villain Voisin Weber Zimmermann "
    "Nguyen Tran Benali Haddad Diallo Traoré Cissé Kowalski Wójcik Ferreira Lopes Özdemir Bianchi Rossi Kaya Belkacem"
)
PARTICLES = (
    "de La Tour", "Le Goff", "Le Bihan", "Da Silva", "De Oliveira", "El Amrani", "Ben Youssef", "d’Angelo", "N’Guessan",
    "du Plessis", "Saint-Martin", "Martin-Roux", "de Saint-Aubin", "Van den Berghe", "Le Roux", "L’Hermitte",
)  # fmt: skip
NICKNAMES = _each(
    "Neko Taz Bidouille Zaz Pixel Ombre Kiwi Tofu Moustache Root42 Nono Fanfan Titi Lulu Cha Guigui Manu Steph Fred "
    "Mimi"
)
GROUPS = (
    "Association des Usagers du Vélo", "Collectif Citoyen pour le Climat", "Coopérative des Jardins Partagés",
    "Maison des Jeunes et de la Culture", "Société Coopérative d’Intérêt Collectif", "Syndicat des Copropriétaires",
    "Groupement Agricole d’Exploitation en Commun", "Amicale Laïque", "Fab Lab et Atelier Partagé", "Radio Associative",
    "Librairie Café", "Théâtre de Poche", "Ressourcerie Solidaire", "Compagnie de Danse",
)  # fmt: skip
GROUND = (
    "de la Vallée", "du Plateau", "des Trois Rivières", "du Haut Pays", "de l’Île aux Moines", "du Vieux Moulin",
    "de la Forêt Noire", "des Coteaux", "du Pont Neuf", "de l’Étang", "des Quatre Vents", "de Belle Rive",
)  # fmt: skip
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip

WORDS_FOR = {
    "membership": ("cotisation", "cotis", "adhésion", "adhesion", "cotisation annuelle", "adh"),
    "vpn": ("VPN", "vpn", "abonnement VPN", "tunnel", "abo vpn"),
    "adsl": ("ADSL", "abonnement internet", "internet", "ligne adsl", "abo internet", "box"),
    "fibre": ("fibre", "abonnement fibre", "internet", "ftth", "abo fibre"),
    "radio": ("radio", "wifi", "antenne", "internet radio", "internet"),
    "hosting": ("hébergement", "VM", "serveur", "heberg", "machine virtuelle"),
    "share": ("part internet", "internet coloc", "ma part adsl", "part ligne", "internet partagé"),
}
BRIEF = {"vpn": "vpn", "adsl": "adsl", "fibre": "fibre", "radio": "radio", "hosting": "vm", "share": "part"}
VAGUE = (
    "internet", "loyer internet", "abonnement", "virement mensuel", "FAI", "participation", "FAI asso", "asso",
    "soutien", "pour le fai", "facture internet", "le net", "reseau", "paiement", "mensualité",
)  # fmt: skip
DEFAULTS = ("", "", "Virement", "VIR", "VIREMENT DE {holder}", "Virement SEPA", "NOTPROVIDED", "virement permanent")
THANKS = (
    "merci pour tout 🙂 {words}", "{words} merci !", "bonne année ! {words}", "{words} désolé du retard", "❤️ {words}",
    "voilà {words}, bises", "{words} (et vive l’internet libre)", "comme convenu {words}", "{words} 👍",
)  # fmt: skip
