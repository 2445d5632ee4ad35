"""Letter and word error rates of transcripts, as Keras metrics on every backend.

Labels are letters numbered from 1, rows of them filled up with 0. The network has a
logit for each of them at every step, 0 being the blank of connectionist temporal
classification (Graves et al., 2006); letter 1 is the space between words.
"""

import keras
from keras import ops

BLANK, SPACE = 0, 1


def best_path(logits):
    """Letters on the most probable path: one where the letter changes, else 0."""
    path = ops.cast(ops.argmax(logits, axis=-1), "int32")
    changes = ops.not_equal(path[:, 1:], path[:, :-1])
    changes = ops.pad(changes, [[0, 0], [1, 0]], constant_values=True)
    return ops.where(changes, path, 0)


def words(letters):
    """A number for each word, where it ends, else 0. Equal words have equal numbers.

    Different words of up to six letters have different numbers, longer ones all but
    surely: the numbers are counted modulo 2**32.
    """
    ends = ops.pad(letters, [[0, 0], [0, 1]], constant_values=SPACE)

    def read(carry, letter):
        number, _ = carry
        is_space = ops.equal(letter, SPACE)
        word = ops.where(is_space, number, 0)
        longer = ops.where(letter > SPACE, number * 31 + letter, number)
        return (ops.where(is_space, 0, longer), word), (longer, word)

    zeros = ops.zeros_like(ends[:, 0])
    _, (_, found) = ops.scan(read, (zeros, zeros), ops.transpose(ends))
    return ops.transpose(found)


def packed(tokens):
    """The rows of an array with their zeros moved to the end."""
    size = ops.shape(tokens)[1]
    place = ops.arange(size, dtype="int32")
    order = ops.argsort(ops.where(tokens == 0, place + size, place), axis=1)
    return ops.take_along_axis(tokens, order, axis=1)


def edit_distance(said, meant):
    """Insertions, deletions and substitutions that part two rows of tokens.

    Args:
        said: int32 `(batch, tokens)`; zeros are no tokens.
        meant: the same, of any number of tokens.

    Returns:
        int32 `(batch,)`, the distances of Levenshtein.
    """
    said, meant = packed(said), packed(meant)
    place = ops.arange(ops.shape(meant)[1] + 1, dtype="int32")
    # Cost of reaching column j from column k by insertions.
    inserted = place[None, :] - place[:, None]
    inserted = ops.where(inserted < 0, 1_000_000, inserted)

    def read(index, row):
        token = ops.take(said, index, axis=1)[:, None]
        replaced = row[:, :-1] + ops.cast(token != meant, "int32")
        better = ops.minimum(row[:, 1:] + 1, replaced)
        better = ops.concatenate([row[:, :1] + 1, better], axis=1)
        better = ops.min(better[:, :, None] + inserted[None], axis=1)
        return ops.where(token == 0, row, better)

    row = ops.zeros_like(meant[:, :1]) + place[None]
    longest = ops.max(count(said))
    row = ops.fori_loop(0, longest, read, row)
    return ops.take_along_axis(row, count(meant)[:, None], axis=1)[:, 0]


def count(tokens):
    """Tokens in each row, zeros left out."""
    return ops.sum(ops.cast(tokens != 0, "int32"), axis=1)


@keras.saving.register_keras_serializable(package="kerazoo")
class ErrorRate(keras.metrics.Metric):
    """Edits on the best path in all utterances, for each token that was meant.

    Args:
        unit: `"letter"`, spaces included, or `"word"`.
        name: `"letter_error"` or `"word_error"` by default.
    """

    def __init__(self, unit, name=None, **keywords):
        if unit not in ("letter", "word"):
            raise ValueError(
                f"`unit` must be 'letter' or 'word'. Received: unit={unit!r}"
            )
        super().__init__(name=name or f"{unit}_error", **keywords)
        self.unit = unit
        self.edits = self.add_variable((), "zeros", name="edits")
        self.tokens = self.add_variable((), "zeros", name="tokens")

    def update_state(self, y_true, y_pred, sample_weight=None):
        meant, said = ops.cast(y_true, "int32"), best_path(y_pred)
        if self.unit == "word":
            meant, said = words(meant), words(said)
        edits = ops.sum(edit_distance(said, meant))
        self.edits.assign_add(ops.cast(edits, self.dtype))
        self.tokens.assign_add(ops.cast(ops.sum(count(meant)), self.dtype))

    def result(self):
        return ops.divide_no_nan(self.edits, self.tokens)

    def get_config(self):
        return {**super().get_config(), "unit": self.unit}
