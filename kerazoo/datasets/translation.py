"""Batches of pairs of sentences: source, begin of the target, next tokens."""

import array
import itertools

import numpy as np
import tensorflow as tf

from kerazoo.layers.text_model import round_up
from kerazoo.tokenizers import BytePairTokenizer, MarkedTokenizer, check_size

# Byte pairs are learned from so many sentence pairs at most.
LEARNED_FROM = 100_000


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches `((source, target), next tokens)` of a `Source` of translations.

    Examples are mappings from language to sentence. The card's `preprocess` names the
    language to translate from as `source`; the other one is the target. All are read
    into memory and tokenized. A source ends in the end token; a target is preceded by
    the start token, and its next tokens end in the end token. Pairs of about the same
    length are batched together and filled up with padding to 16, 32, 64, ... tokens.

    Pairs of which a sentence is empty are left out and, from what is shuffled, those
    that are longer than the model's `sequence_length`.

    The tokenizer is the model's. A model without one is given byte pairs of both
    languages, learned from the training split, as many as its vocabulary has room for.

    Raises:
        ValueError: the model's tokenizer has no marks or more tokens than the model
            knows, or the data lack the language.
    """
    first = preprocess.get("source", "en")
    languages = sorted(examples.element_spec)
    if first not in languages or len(languages) != 2:
        raise ValueError(
            f"{source.name!r} must be of two languages, one of them {first!r}. It "
            f"has: {', '.join(languages)}."
        )
    languages.sort(key=lambda language: language != first)
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _byte_pairs(source.read("train"), model.output_shape[-1])
    if not isinstance(tokenizer, MarkedTokenizer):
        raise ValueError(
            f"The tokenizer of {model.name!r} must have marks, a MarkedTokenizer. "
            f"Received: {type(tokenizer).__name__}"
        )
    check_size(tokenizer, model)
    model.tokenizer = tokenizer
    longest = model.inputs[0].shape[1] if shuffle else None
    pairs = _Pairs(examples, languages, tokenizer, longest)
    if not len(pairs.rooms):
        raise ValueError(
            f"No pair of {source.name!r} has {longest} tokens or fewer. Build "
            f"{model.name!r} with a larger `sequence_length`."
        )
    chance = np.random.default_rng(seed)

    def groups():
        """Indices of the pairs of every batch."""
        found = []
        # The longest first: what does not fit into the memory fails at once.
        for room in np.unique(pairs.rooms)[::-1]:
            members = np.flatnonzero(pairs.rooms == room)
            if shuffle:
                chance.shuffle(members)
            if drop_remainder:
                members = members[: len(members) // batch_size * batch_size]
            found += [
                members[i : i + batch_size] for i in range(0, len(members), batch_size)
            ]
        if shuffle:
            chance.shuffle(found)
        return found

    texts = tf.TensorSpec((None, None), "int32")
    stream = tf.data.Dataset.from_generator(
        lambda: map(pairs.batch, groups()),
        output_signature=((texts, texts), texts),
    )
    count = tf.data.experimental.assert_cardinality(len(groups()))
    return stream.apply(count).prefetch(tf.data.AUTOTUNE)


class _Pairs:
    """Tokens of all pairs, in two long rows.

    Attributes:
        rooms: the length to which each pair is filled up.
    """

    def __init__(self, examples, languages, tokenizer, longest):
        self.tokenizer = tokenizer
        rows = [array.array("i"), array.array("i")]
        ends = [[0], [0]]
        for example in examples.as_numpy_iterator():
            texts = [example[language].decode("utf-8") for language in languages]
            pair = [tokenizer.encode(text) for text in texts]
            lengths = list(map(len, pair))
            if not all(lengths) or (longest and max(lengths) + 1 > longest):
                continue
            for row, end, ids in zip(rows, ends, pair, strict=True):
                row.extend(ids)
                end.append(len(row))
        self.rows = [np.array(row, "int32") for row in rows]
        self.ends = [np.array(end) for end in ends]
        lengths = np.maximum(*map(np.diff, self.ends)) + 1
        self.rooms = np.array([round_up(length) for length in lengths], int)

    def batch(self, indices):
        """`((source, target), next tokens)` of the given pairs."""
        room, marks = self.rooms[indices[0]], self.tokenizer
        shape = (len(indices), room)
        source, target, following = np.full((3, *shape), marks.padding_token, "int32")
        target[:, 0] = marks.start_token
        for line, index in enumerate(indices):
            words, translated = (
                row[end[index] : end[index + 1]]
                for row, end in zip(self.rows, self.ends, strict=True)
            )
            source[line, : len(words)] = words
            source[line, len(words)] = marks.end_token
            target[line, 1 : len(translated) + 1] = translated
            following[line, : len(translated)] = translated
            following[line, len(translated)] = marks.end_token
        return (source, target), following


def _byte_pairs(examples, vocabulary_size):
    texts = itertools.chain.from_iterable(
        map(dict.values, examples.take(LEARNED_FROM).as_numpy_iterator())
    )
    learned = BytePairTokenizer.train(
        (text.decode("utf-8") for text in texts), vocabulary_size - 3
    )
    return MarkedTokenizer(learned)
