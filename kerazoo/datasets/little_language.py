"""A little language: an embedded text whose entropy is known.

Sentences such as "the old kings who see a cat sing." are drawn from a grammar of
equally probable alternatives. A verb agrees with its subject across a relative clause,
so that a model has to look further back than the last words. No model of the characters
can do better on average than `entropy()`.
"""

import functools
import itertools
import math
import random

import numpy as np

from kerazoo.datasets.embedded import embedded

# Symbol -> alternatives. What is no symbol of the grammar is a word, or ends one.
_NOUNS = "cat dog bird goat king ship girl friend".split()
_GRAMMAR = {
    "SENTENCE": [["ONE", "ONE_DOES", "."], ["MANY", "MANY_DO", "."]],
    "ONE": [["ONE_THING"], ["ONE_THING", "who", "ONE_DOES"]],
    "MANY": [["MANY_THINGS"], ["MANY_THINGS", "who", "MANY_DO"]],
    "ONE_THING": [["ONE_OF", "NOUN"], ["ONE_OF", "ADJECTIVE", "NOUN"]],
    "MANY_THINGS": [["MANY_OF", "NOUN", "-s"], ["MANY_OF", "ADJECTIVE", "NOUN", "-s"]],
    "ONE_OF": [["a"], ["the"], ["every"]],
    "MANY_OF": [["some"], ["the"], ["many"]],
    "ADJECTIVE": [["old"], ["little"], ["red"], ["happy"], ["quiet"], ["tall"]],
    "NOUN": [[noun] for noun in _NOUNS],
    "ONE_DOES": [["ALONE", "-s"], ["TO_ANOTHER", "-s", "OBJECT"]],
    "MANY_DO": [["ALONE"], ["TO_ANOTHER", "OBJECT"]],
    "OBJECT": [["ONE_THING"], ["MANY_THINGS"]],
    "ALONE": [["sleep"], ["sing"], ["wait"], ["run"]],
    "TO_ANOTHER": [["see"], ["like"], ["follow"], ["find"]],
}


def _draw(symbol, chance):
    if symbol not in _GRAMMAR:
        return [symbol]
    alternative = chance.choice(_GRAMMAR[symbol])
    return [word for part in alternative for word in _draw(part, chance)]


def _written(words):
    return " ".join(words).replace(" -s", "s").replace(" .", ".")


@functools.cache
def _expected(symbol):
    """Entropy in nats, and expected number of characters with the space in front."""
    if symbol not in _GRAMMAR:
        glued = symbol in ("-s", ".")
        return 0.0, float(1 if glued else len(symbol) + 1)
    alternatives = _GRAMMAR[symbol]
    nats, length = math.log(len(alternatives)), 0.0
    for part in itertools.chain.from_iterable(alternatives):
        nats += _expected(part)[0] / len(alternatives)
        length += _expected(part)[1] / len(alternatives)
    return nats, length


def entropy():
    """Nats per character: the least cross-entropy that a model can reach."""
    nats, characters = _expected("SENTENCE")
    return nats / characters


@embedded(
    "little_language",
    kind="text",
    classes=None,
    about="4,000 generated sentences (400 in test) of a grammar with agreement; its "
    "entropy is 0.40 nats per character",
)
def little_language(split, input_shape=None):
    """One text of a sentence to a line."""
    chance = random.Random({"train": 0, "test": 1}[split])
    count = 4000 if split == "train" else 400
    lines = [_written(_draw("SENTENCE", chance)) + "\n" for _ in range(count)]
    return np.array(["".join(lines)])
