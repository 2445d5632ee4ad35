"""Little German: embedded pairs of sentences, English and their German translation.

Sentences such as "today the king has seen a little cat." and "heute hat der König eine
kleine Katze gesehen." are drawn from a grammar that writes both. Word by word they
cannot be translated: articles and adjectives follow the gender and the case of a noun
further on, participles, infinitives and the verbs of clauses go to the end, and behind
an adverb the subject follows the verb. Every sentence has one translation.
"""

import functools
import random

import numpy as np

from kerazoo.datasets.embedded import embedded

# English, German, gender.
_NOUNS = [
    ("king", "König", "m"), ("man", "Mann", "m"), ("dog", "Hund", "m"),
    ("bird", "Vogel", "m"), ("woman", "Frau", "f"), ("queen", "Königin", "f"),
    ("cat", "Katze", "f"), ("mouse", "Maus", "f"), ("child", "Kind", "n"),
    ("girl", "Mädchen", "n"), ("horse", "Pferd", "n"), ("ship", "Schiff", "n"),
]  # fmt: skip
_ADJECTIVES = [
    ("old", "alt"), ("little", "klein"), ("red", "rot"), ("happy", "fröhlich"),
    ("quiet", "still"), ("young", "jung"),
]  # fmt: skip
_ADVERBS = [("today", "heute"), ("often", "oft"), ("here", "hier"), ("now", "jetzt")]
# Present, participle, infinitive of both languages.
_VERBS = [
    (("sees", "seen", "see"), ("sieht", "gesehen", "sehen")),
    (("finds", "found", "find"), ("findet", "gefunden", "finden")),
    (("hears", "heard", "hear"), ("hört", "gehört", "hören")),
    (("seeks", "sought", "seek"), ("sucht", "gesucht", "suchen")),
    (("carries", "carried", "carry"), ("trägt", "getragen", "tragen")),
    (("knows", "known", "know"), ("kennt", "gekannt", "kennen")),
]
# By gender: nominative and accusative, then the endings of an adjective behind them.
_ARTICLES = {
    "the": {"m": ("der", "den"), "f": ("die", "die"), "n": ("das", "das")},
    "every": {
        "m": ("jeder", "jeden"), "f": ("jede", "jede"), "n": ("jedes", "jedes")
    },
    "a": {"m": ("ein", "einen"), "f": ("eine", "eine"), "n": ("ein", "ein")},
}  # fmt: skip
_STRONG = {"m": ("er", "en"), "f": ("e", "e"), "n": ("es", "es")}  # behind "ein"
_WEAK = {"m": ("e", "en"), "f": ("e", "e"), "n": ("e", "e")}  # behind "der", "jeder"


def _verb(chance):
    """The finite verb and what follows it, in English and in German."""
    (present, participle, infinitive), german = chance.choice(_VERBS)
    return chance.choice(
        [
            (present, "", german[0], ""),
            ("has", participle, "hat", german[1]),
            ("will", infinitive, "wird", german[2]),
        ]
    )


def _noun(chance, case, clauses):
    """A thing, 0 nominative or 1 accusative, in both languages."""
    noun, german, gender = chance.choice(_NOUNS)
    article = chance.choice(list(_ARTICLES))
    words = [article, noun]
    german = [_ARTICLES[article][gender][case], german]
    if chance.random() < 0.5:
        adjective, stem = chance.choice(_ADJECTIVES)
        endings = _STRONG if article == "a" else _WEAK
        words.insert(1, adjective)
        german.insert(1, stem + endings[gender][case])
    if clauses and chance.random() < 0.25:
        finite, rest, german_finite, german_rest = _verb(chance)
        other, german_other = _noun(chance, 1, clauses=False)
        words += ["that", finite, rest, *other]
        pronoun = _ARTICLES["the"][gender][0]
        german += [",", pronoun, *german_other, german_rest, german_finite, ","]
    return words, german


def _sentence(chance):
    """An English sentence and its translation."""
    subject, german_subject = _noun(chance, 0, clauses=True)
    finite, rest, german_finite, german_rest = _verb(chance)
    object_, german_object = _noun(chance, 1, clauses=True)
    english = [*subject, finite, rest, *object_, "."]
    for here, following in enumerate(english[1:]):
        if english[here] == "a" and following.startswith("o"):
            english[here] = "an"
    german = [*german_subject, german_finite]
    if chance.random() < 0.5:
        adverb, german_adverb = chance.choice(_ADVERBS)
        english.insert(0, adverb)
        german = [german_adverb, german_finite, *german_subject]
    german += [*german_object, german_rest, "."]
    return _written(english), _written(german)


def _written(words):
    text = " ".join(filter(None, words))
    return text.replace(" ,", ",").replace(" .", ".").replace(",.", ".")


@functools.cache
def _pairs():
    """5,500 different pairs."""
    chance, pairs = random.Random(0), {}
    while len(pairs) < 5500:
        english, german = _sentence(chance)
        pairs[english] = german
    return list(pairs.items())


@embedded(
    "little_german",
    kind="translation",
    classes=None,
    about="5,500 generated pairs of an English sentence and its German translation "
    "(500 in test, none of them in train), with agreement and reordering",
)
def little_german(split, input_shape=None):
    """English and German sentences, the language by its code."""
    pairs = _pairs()[:5000] if split == "train" else _pairs()[5000:]
    english, german = zip(*pairs, strict=True)
    return {"en": np.array(english), "de": np.array(german)}
