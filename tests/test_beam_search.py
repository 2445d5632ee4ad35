"""Beam search against the enumeration of all sequences."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kerazoo.layers.beam_search import beam_search

VOCABULARY, LENGTH, START, STOP = 4, 4, 0, 2
# A network whose memory is all that it has read: one row of logits for every history.
HISTORIES = sum((VOCABULARY + 1) ** n for n in range(LENGTH + 1))


def memory_after(memory, token):
    return memory * VOCABULARY + token + 1


@pytest.fixture(scope="module")
def tables():
    """Logits of three networks, a row for every history."""
    logits = np.random.default_rng(0).normal(0, 2, (3, HISTORIES, VOCABULARY))
    logits[2, :, STOP] -= 3  # one that rarely stops
    return logits.astype("float32")


def search(tables, beam_width, length_penalty=0.0):
    def step(position, tokens, states):
        memory = memory_after(states["memory"], tokens)
        rows = ops.reshape(ops.convert_to_tensor(tables), (-1, VOCABULARY))
        logits = ops.take(rows, states["row"] * HISTORIES + memory, axis=0)
        return logits, {"memory": memory, "row": states["row"]}

    states = {
        "memory": ops.zeros((len(tables),), "int32"),
        "row": ops.arange(len(tables)),
    }
    found = beam_search(
        step, states, start_token=START, stop_token=STOP, max_length=LENGTH,
        beam_width=beam_width, length_penalty=length_penalty,
    )  # fmt: skip
    return [ops.convert_to_numpy(part) for part in found]


def every_sequence(table, length_penalty):
    """`(score, tokens)` of all that stop or have the full length, best first."""
    logs = table - np.log(np.exp(table).sum(-1, keepdims=True))
    found = []
    for length in range(1, LENGTH + 1):
        for tokens in itertools.product(range(VOCABULARY), repeat=length):
            stops = tokens[-1] == STOP
            if STOP in tokens[:-1] or not (stops or length == LENGTH):
                continue
            total, memory = 0.0, memory_after(0, START)
            for token in tokens:
                total += logs[memory, token]
                memory = memory_after(memory, token)
            penalty = ((5 + length) / 6) ** length_penalty
            filled = tokens + (STOP,) * (LENGTH - length)
            found.append((total / penalty, filled))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
def test_a_wide_beam_finds_the_best_of_all(tables, length_penalty):
    wide = VOCABULARY ** (LENGTH - 1)
    tokens, scores = search(tables, wide, length_penalty)
    for row, table in enumerate(tables):
        score, best = every_sequence(table, length_penalty)[0]
        assert tuple(tokens[row, 0]) == best
        assert scores[row, 0] == pytest.approx(score, rel=1e-4)


@pytest.mark.parametrize("beam_width", [2, 3])
def test_scores_are_those_of_the_sequences(tables, beam_width):
    tokens, scores = search(tables, beam_width, 0.6)
    assert tokens.shape == (3, beam_width, LENGTH) and tokens.dtype == "int32"
    assert (np.diff(scores) <= 0).all()
    for row, table in enumerate(tables):
        known = {sequence: score for score, sequence in every_sequence(table, 0.6)}
        for sequence, score in zip(tokens[row], scores[row], strict=True):
            if np.isfinite(score):
                assert known[tuple(sequence)] == pytest.approx(score, rel=1e-4)


def test_a_beam_of_one_is_greedy(tables):
    tokens, scores = search(tables, 1)
    for row, table in enumerate(tables):
        expected, memory = [], memory_after(0, START)
        while len(expected) < LENGTH and STOP not in expected:
            expected.append(int(table[memory].argmax()))
            memory = memory_after(memory, expected[-1])
        expected += [STOP] * (LENGTH - len(expected))
        assert tokens[row, 0].tolist() == expected
        assert scores[row, 0] <= search(tables, 64)[1][row, 0] + 1e-6


def test_rows_do_not_disturb_each_other(tables):
    together = search(tables, 3, 0.6)
    for row in range(len(tables)):
        alone = search(tables[row : row + 1], 3, 0.6)
        assert (alone[0][0, 0] == together[0][row, 0]).all()
        assert alone[1][0, 0] == pytest.approx(together[1][row, 0])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.function")
def test_it_compiles(tables):
    import tensorflow as tf

    compiled = tf.function(lambda: search_tensors(tables), jit_compile=True)
    tokens, scores = compiled()
    expected = search(tables, 3, 0.6)
    np.testing.assert_array_equal(tokens, expected[0])
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5)


def search_tensors(tables):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ops, "convert_to_numpy", lambda tensor: tensor)
        return search(tables, 3, 0.6)
