"""English plurals of kinds, exactly as kro generates them (the rules of flect 1.0.3, kro §1.6).

The tables are flect's facts, including oddities (“octopus” → “octupuses”): a CRD's name depends on them.
"""

from __future__ import annotations

from functools import cache, lru_cache

# singular:plural[:other plural]; “=” in front: the whole word only; “!” behind: not recognised as a plural.
_WORDS = """
    aircraft:aircraft beef:beef:beefs bison:bison blues:blues! chassis:chassis deer:deer
    fish:fish:fishes moose:moose police:police salmon:salmon:salmons series:series sheep:sheep
    shrimp:shrimp:shrimps species:species swine:swine:swines trout:trout:trouts tuna:tuna:tunas you:you
    child:children =ox:oxen foot:feet goose:geese man:men human:humans =louse:lice mouse:mice
    tooth:teeth woman:women =die:dice person:people adieu:adieux:adieus fabliau:fabliaux
    bureau:bureaus:bureaux criterion:criteria ganglion:ganglia:ganglions lexicon:lexica:lexicons
    mitochondrion:mitochondria:mitochondrions noumenon:noumena phenomenon:phenomena taxon:taxa
    media:media medium:media:mediums! stadium:stadiums:stadia aquarium:aquaria:aquariums
    auditorium:auditoria:auditoriums symposium:symposia:symposiums curriculum:curriculums:curricula
    quota:quotas alumnus:alumni:alumnuses bacillus:bacilli cactus:cacti:cactuses coccus:cocci
    focus:foci:focuses locus:loci:locuses nucleus:nuclei:nucleuses octopus:octupuses:octopi
    radius:radii:radiuses syllabus:syllabi corpus:corpora:corpuses genus:genera alumna:alumnae
    vertebra:vertebrae differentia:differentiae minutia:minutiae vita:vitae larva:larvae
    postcava:postcavae praecava:praecavae uva:uvae apex:apices:apexes codex:codices:codexes
    index:indices:indexes latex:latices:latexes vertex:vertices:vertexes vortex:vortices:vortexes
    appendix:appendices:appendixes radix:radices:radixes helix:helices:helixes =axis:axes crisis:crises
    ellipsis:ellipses! genesis:geneses oasis:oases thesis:theses testis:testes base:bases basis:bases!
    =alias:aliases vedalia:vedalias =use:uses abuse:abuses cause:causes clause:clauses cruse:cruses
    excuse:excuses fuse:fuses house:houses misuse:misuses muse:muses pause:pauses ache:aches
    topaz:topazes buffalo:buffaloes:buffalos potato:potatoes tomato:tomatoes equipment:equipment
    information:information jeans:jeans money:money news:news rice:rice dwarf:dwarfs:dwarves
    hoof:hoofs:hooves thief:thieves chive:chives hive:hives move:moves movie:movies cookie:cookies
    pretorium:pretoriums agenda:agendas formula:formulas:formulae shoe:shoes =toe:toes graffiti:graffiti
    =ID:IDs =ssh:sshs =tia:tias =eia:eias
"""

NO_PLURAL_IN_KRO = frozenset(
    ("aes", "bss", "cmos", "des", "dns", "ess", "fcs", "https", "ids", "ips", "mpls", "pots")
)
"""Acronyms that end in “s”: flect capitalises them (“dnsDNSes”), and Kubernetes rejects such a name."""

# Endings, the first that fits is used.
_ENDINGS = """
    tive:tives eaf:eaves oaf:oaves afe:aves arf:arves rfe:rves rf:rves lf:lves fe:ves ay:ays ey:eys
    oy:oys quy:quies uy:uys y:ies eau:eaux bula:bulae dula:bulae lula:bulae nula:bulae vula:bulae
    hedron:hedra ium:ia seum:seums eum:ea oum:oa stracum:straca dum:da elum:ela ilum:ila olum:ola
    ulum:ula llum:lla ylum:yla imum:ima ernum:erna gnum:gna brum:bra crum:cra terum:tera serum:sera
    trum:tra antum:anta atum:ata entum:enta etum:eta itum:ita otum:ota utum:uta ctum:cta ovum:ova
    trix:trices iasis:iases mesis:meses kinesis:kineses resis:reses gnosis:gnoses opsis:opses ysis:yses
    ouse:ouses lause:lauses us:uses ch:ches io:ios sh:shes ss:sses ez:ezzes iz:izzes tz:tzes zz:zzes
    ano:anos lo:los to:tos oo:oos o:oes x:xes S:Ses
"""


@cache
def _tables() -> tuple[dict[str, str], frozenset[str], tuple[tuple[str, str], ...]]:
    """Words and their plurals, known plurals, and suffixes in the order in which they are tried."""
    plurals: dict[str, str] = {}
    known: set[str] = set()
    endings: list[tuple[str, str]] = [_pair(entry) for entry in _ENDINGS.split()]
    for entry in _WORDS.split():
        singular, plural, *others = entry.strip("=!").split(":")
        plurals[singular] = plural
        if not entry.endswith("!"):
            known.update((plural, *others))
        if not entry.startswith("="):
            endings.insert(0, (singular, plural))
    return plurals, frozenset(known), tuple(endings)


def _pair(entry: str) -> tuple[str, str]:
    singular, _, plural = entry.partition(":")
    return singular, plural


@lru_cache(maxsize=1000)
def plural_of(kind: str) -> str:
    """``WebApp`` → ``webapps``, ``Policy`` → ``policies``."""
    word = kind.lower()
    plurals, known, endings = _tables()
    if word in plurals:
        return plurals[word]
    if word in known:
        return word
    for singular, plural in endings:
        if word.endswith(plural):
            return word
        if word.endswith(singular):
            return word.removesuffix(singular) + plural
    return word if word.endswith("s") else word + "s"
