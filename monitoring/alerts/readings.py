"""What each rule makes of one cycle: for each thing that it looks at, well or wrong, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from foundation.speech import PARIS, Phrase
from monitoring.alerts.causes import with_causes
from monitoring.alerts.reading import EVERYTHING, Reading, Verdict
from monitoring.alerts.rules import Rule, Rules, Watch, fits
from monitoring.alerts.seen import Seen
from monitoring.alerts.silence import Silence, explain
from monitoring.series import Wanted

POLLER: Final = "poller"
_DOWN: Final = (2, 6, 7)
"""down, notPresent, lowerLayerDown (ifOperStatus, RFC 2863); what is unknown, testing or dormant is not down."""
_NO_FILES: Final = ("/dev", "/proc", "/run", "/sys")


def read(rules: Rules, seen: Seen) -> list[Reading]:
    """Everything that the rules look at, this cycle."""
    cables = [(near[0], far[0]) for near, far in seen.cables]
    known = {} if seen.dead else seen.answers
    silent = {name for name, one in known.items() if not one.heard}
    silence = explain(cables, silent, {name for name, one in known.items() if one.heard})
    found = [reading for rule in rules.of(Watch.SILENCE) for reading in _silence(rule, seen, silence)]
    found += [reading for rule in rules.of(*_READERS) for reading in _READERS[rule.watch](rule, seen)]
    return with_causes(found, seen, silence)


_SILENT: Final = Phrase("{device} ne répond plus", "{device} no longer answers")
_CUT_OFF: Final = Phrase(
    "plus aucune machine ne répond : c'est sans doute le releveur qui est coupé du réseau",
    "no machine answers any more: it is likely the poller that is cut off from the network",
)
_PRESUMED: Final = Phrase(
    "{device}, que l'on n'interroge pas : plus rien ne répond derrière",
    "{device}, which nobody asks: nothing behind it answers any more",
)


def _silence(rule: Rule, seen: Seen, silence: Silence) -> Iterator[Reading]:
    for name, answer in seen.answers.items():
        if rule.looks_at(name):
            verdict = Verdict.UNKNOWN if seen.dead else Verdict.GOOD if answer.heard else Verdict.BAD
            words = _with_traps(_said(_SILENT, device=name), seen, name, _STARTED)
            yield _about(rule, seen, name, name, verdict, words)
    for name in silence.presumed:
        yield _about(rule, seen, name, name, Verdict.BAD, _said(_PRESUMED, device=name))
    if silence.all:
        yield Reading(rule.name, EVERYTHING, (Watch.SILENCE, EVERYTHING), Verdict.BAD, _CUT_OFF)


_AMISS: Final = Phrase("{device} répond, mais : {reason}", "{device} answers, but: {reason}")
_FINE: Final = Phrase("{device} dit ce qu'on lui demande", "{device} tells what it is asked")


def _daemon(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for name, answer in seen.answers.items():
        if not rule.looks_at(name):
            continue
        if seen.dead or not answer.heard:
            yield _about(rule, seen, name, name, Verdict.UNKNOWN, _said(_FINE, device=name))
        elif answer.amiss is None:
            yield _about(rule, seen, name, name, Verdict.GOOD, _said(_FINE, device=name))
        else:
            yield _about(rule, seen, name, name, Verdict.BAD, _said(_AMISS, device=name, reason=answer.amiss))


_FELL: Final = Phrase("{port} est coupée", "{port} is down")
_FELL_TO: Final = Phrase("{port} (vers {far}) est coupée", "{port} (towards {far}) is down")


def _link(rule: Rule, seen: Seen) -> Iterator[Reading]:
    far = dict(seen.cables) | {other: near for near, other in seen.cables}
    for device, said in seen.samples.items():
        if not rule.looks_at(device):
            continue
        for point, measure in said:
            end = device, measure.instance
            if measure.metric != "ifOperStatus" or end not in seen.ports or not fits(rule.instance, end[1]):
                continue
            port = "/".join(end)
            words = _said(_FELL_TO, port=port, far=far[end][0]) if end in far else _said(_FELL, port=port)
            words = _with_traps(words, seen, device, _LINKS, point_of=end[1])
            bad = Verdict.BAD if measure.value in _DOWN else Verdict.GOOD
            ends = [device, far[end][0]] if end in far else [device]
            yield _about(rule, seen, ends, port, Verdict.UNKNOWN if point.at < seen.stale else bad, words)


_NO_SESSION: Final = Phrase(
    "{device} : la session BGP avec {peer} ({words}) est coupée",
    "{device}: the BGP session with {peer} ({words}) is down",
)
_NO_SESSION_WITH: Final = Phrase(
    "{device} : la session BGP avec {peer} est coupée", "{device}: the BGP session with {peer} is down"
)


def _bgp(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for one in seen.sessions:
        if not rule.looks_at(one.device):
            continue
        verdict = Verdict.UNKNOWN if one.up is None else Verdict.GOOD if one.up else Verdict.BAD
        told = _NO_SESSION if one.words else _NO_SESSION_WITH
        facts = {"device": one.device, "peer": one.peer} | ({"words": one.words} if one.words else {})
        ends = [one.device] if one.far is None else [one.device, one.far]
        yield _about(rule, seen, ends, f"{one.device}/{one.peer}", verdict, _said(told, **facts))


_FULL: Final = Phrase("{device} : {disk} est plein à {percent} %", "{device}: {disk} is {percent} % full")


def _disk(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for device, said in seen.samples.items():
        if not rule.looks_at(device):
            continue
        sizes = {one.instance: one.value for _, one in said if one.metric == "hrStorageSize"}
        for point, used in said:
            size = sizes.get(used.instance, 0)
            if used.metric != "hrStorageUsed" or size <= 0 or not _is_disk(used.instance):
                continue
            if fits(rule.instance, used.instance):
                percent = 100 * used.value / size
                words = _said(_FULL, device=device, disk=used.instance, percent=f"{percent:.0f}")
                verdict = Verdict.UNKNOWN if point.at < seen.stale else _judged(rule, percent)
                yield _about(rule, seen, device, f"{device}:{used.instance}", verdict, words)


_FIGURE: Final = Phrase("{where} : {metric} est à {figure}", "{where}: {metric} is at {figure}")
_ON_BATTERY: Final = Phrase("{where} est sur batterie", "{where} runs on its battery")


def _value(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for device, said in seen.samples.items():
        if not rule.looks_at(device):
            continue
        for point, one in said:
            if not (fits(rule.metric, one.metric) and fits(rule.unit, one.unit) and fits(rule.instance, one.instance)):
                continue
            value = one.value * rule.times
            where = f"{device}/{one.instance}" if one.instance else device
            words = _said(_FIGURE, where=where, metric=one.metric, figure=_figure(value, rule.shown))
            if one.metric == "upsOutputSource":
                words = _with_traps(_said(_ON_BATTERY, where=where), seen, device, _BATTERY)
            verdict = Verdict.UNKNOWN if point.at < seen.stale else _judged(rule, value)
            yield _about(rule, seen, device, f"{where}:{one.metric}", verdict, words)


_LOADED: Final = Phrase(
    "{feed} donne {watts} W, soit {percent} % de ce qu'elle peut", "{feed} gives {watts} W, {percent} % of what it may"
)


def _feed(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for one in seen.supplies:
        drawn = one.drawn or 0.0
        percent = 100 * drawn / one.may
        words = _said(_LOADED, feed=one.name, watts=f"{drawn:.0f}", percent=f"{percent:.0f}")
        verdict = Verdict.UNKNOWN if one.drawn is None else _judged(rule, percent)
        yield Reading(rule.name, one.name, (Watch.FEED, one.name), verdict, words, frozenset({f"site:{one.site}"}))


_BEYOND: Final = Phrase(
    "{machine} tire {watts} W : plus que les {declared} W déclarés",
    "{machine} draws {watts} W: more than the {declared} W that were declared",
)


def _draw(rule: Rule, seen: Seen) -> Iterator[Reading]:
    """Above what its owner declared: something to talk about with them. Nobody is cut."""
    for one in seen.draws:
        if not rule.looks_at(one.machine):
            continue
        drawn = one.drawn or 0.0
        words = _said(_BEYOND, machine=one.machine, watts=f"{drawn:.0f}", declared=f"{one.declared:.0f}")
        verdict = Verdict.UNKNOWN if one.drawn is None else _judged(rule, 100 * drawn / one.declared)
        yield _about(rule, seen, one.machine, one.machine, verdict, words)


_ENDS: Final = Phrase("{name} prend fin le {ends}", "{name} ends on {ends}")


def _credential(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for one in seen.lapses:
        if rule.kinds and one.kind not in rule.kinds:
            continue
        subject = f"{one.kind}:{one.name}"
        soon = one.ends - seen.at <= timedelta(days=rule.days)
        words = _said(_ENDS, name=subject, ends=one.ends)
        yield Reading(rule.name, subject, (Watch.CREDENTIAL, subject), Verdict.BAD if soon else Verdict.GOOD, words)


_OVERDUE: Final = Phrase("le relevé des machines est en retard", "polling the machines is overdue")
_SLOW: Final = Phrase(
    "le relevé des machines dure {took}, plus que le temps entre deux",
    "polling takes {took}, more than the time between two",
)


_LATE: Final = Phrase(
    "le relevé des machines a commencé avec {late} de retard : la machine qui relève est trop occupée",
    "polling began {late} late: the machine that polls is too busy",
)
_MISSED: Final = 0.5
"""How much of the time between two rounds one may begin after its turn."""


def _poller(rule: Rule, seen: Seen) -> Iterator[Reading]:
    if seen.cycle is None:
        return
    took, late = seen.cycle.took, seen.cycle.late or timedelta(0)
    slow, tardy = took > seen.interval, late > seen.interval * _MISSED
    words = _OVERDUE
    if not seen.dead and (slow or tardy):
        words = _said(_SLOW, took=took) if slow else _said(_LATE, late=late)
    verdict = Verdict.BAD if slow or tardy or seen.dead else Verdict.GOOD
    yield Reading(rule.name, POLLER, (Watch.POLLER, POLLER), verdict, words)


_VANISHED: Final = Phrase(
    "{line}, sur cuivre, a disparu sans qu'aucune commande l'explique : peut-être un écrasement à tort",
    "{line}, on copper, has vanished and no order explains it: its pair may have been given to someone else",
)


def _copper(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for line in seen.vanished:
        yield Reading(rule.name, line, (Watch.COPPER, line), Verdict.BAD, _said(_VANISHED, line=line))


_LET_IN: Final = Phrase(
    "{line} est connectée avec un certificat révoqué : {device} ne le sait pas encore (essaim change plan)",
    "{line} is connected by a certificate that was revoked: {device} does not know yet (essaim change plan)",
)


def _revoked(rule: Rule, seen: Seen) -> Iterator[Reading]:
    for one in seen.let_in:
        answer = seen.answers.get(one.device)
        told = answer is not None and answer.heard and answer.amiss is None
        words = _said(_LET_IN, line=one.line, device=one.device)
        yield _about(rule, seen, one.device, one.line, Verdict.BAD if told else Verdict.UNKNOWN, words)


_READERS: Final[dict[Watch, Callable[[Rule, Seen], Iterator[Reading]]]] = {
    Watch.DAEMON: _daemon,
    Watch.LINK: _link,
    Watch.BGP: _bgp,
    Watch.DISK: _disk,
    Watch.VALUE: _value,
    Watch.FEED: _feed,
    Watch.DRAW: _draw,
    Watch.CREDENTIAL: _credential,
    Watch.POLLER: _poller,
    Watch.COPPER: _copper,
    Watch.REVOKED: _revoked,
}


_METRICS: Final = {Watch.LINK: ("ifOperStatus",), Watch.DISK: ("hrStorageSize", "hrStorageUsed")}
"""What rules look at that do not choose it themselves."""


def looked_at(rules: Rules) -> Wanted:
    """Which series any of the rules looks at."""
    named = {metric for rule in rules.rules for metric in _METRICS.get(rule.watch, ())}
    choosing = rules.of(Watch.VALUE)

    def wanted(metric: str, unit: str) -> bool:
        return metric in named or any(fits(rule.metric, metric) and fits(rule.unit, unit) for rule in choosing)

    return wanted


_STARTED: Final = ("coldStart", "warmStart")
_LINKS: Final = ("linkDown", "linkUp")
_BATTERY: Final = ("upsTrapOnBattery", "upsOnBattery", "lowBattery", "powerRestored")
_ITSELF: Final = Phrase("{words} ; elle a dit d'elle-même : {traps}", "{words}; it said of itself: {traps}")


def _with_traps(words: Phrase, seen: Seen, device: str, names: Sequence[str], point_of: str = "") -> Phrase:
    """The same words, and what the machine said of it unasked: of one part, what is of that part or names none."""
    told = [
        f"{one.name} {one.part}".strip() + f" ({one.at.astimezone(PARIS):%H:%M})"
        for one in seen.traps.get(device, ())
        if one.name in names and (not point_of or one.part in ("", point_of) or one.part.startswith("ifIndex "))
    ]
    return _said(_ITSELF, words=words, traps=", ".join(told)) if told else words


def _judged(rule: Rule, value: float) -> Verdict:
    if rule.beyond(value):
        return Verdict.BAD
    return Verdict.GOOD if rule.well(value) else Verdict.BETWEEN


def _about(
    rule: Rule, seen: Seen, devices: str | Sequence[str], subject: str, verdict: Verdict, words: Phrase
) -> Reading:
    ends = [devices] if isinstance(devices, str) else devices
    scopes = {f"device:{one}" for one in ends} | {f"site:{seen.sites[one]}" for one in ends if one in seen.sites}
    return Reading(rule.name, subject, (rule.watch, subject), verdict, words, frozenset(scopes))


def _said(phrase: Phrase, **values: object) -> Phrase:
    return Phrase.said(phrase.say("fr", **values), phrase.say("en", **values))


def _figure(value: float, shown: str) -> str:
    return f"{value:g}\N{NO-BREAK SPACE}{shown}".rstrip()


def _is_disk(name: str) -> bool:
    """Whether a storage is a file system, and not memory or what a kernel shows as files."""
    if name.startswith("/"):
        return not any(name == one or name.startswith(f"{one}/") for one in _NO_FILES)
    return len(name) >= 2 and name[0].isalpha() and name[1] == ":"
