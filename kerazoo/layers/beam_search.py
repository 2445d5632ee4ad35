"""Beam search: the most probable sequence of a network that writes token by token."""

import keras
from keras import ops


def beam_search(
    step, states, *, start_token, stop_token, max_length, beam_width,
    length_penalty=0.0,
):  # fmt: skip
    """Searches the sequence that has the greatest probability.

    Of all beginnings the `beam_width` most probable ones are kept. A sequence ends
    where the stop token is among the `beam_width` best continuations of all, or at
    `max_length`. Ended sequences of different lengths compare by

        log P / ((5 + length) / 6) ** length_penalty

    (Wu et al., 2016, section 7), the stop token included, and the search ends when none
    that goes on can overtake the best of them. A width of 1 with `length_penalty=0` is
    greedy decoding. Written in `keras.ops` with static shapes, to be compiled.

    Args:
        step: function `(position, tokens, states) -> (logits, states)` of the newest
            token of every sequence, `(batch x beams,)` int32, and its position, 0 for
            the start token. Gives the logits of the next tokens,
            `(batch x beams, vocabulary)`, and new states of equal shapes.
        states: nest of tensors, what the network remembers of each sequence, each
            with a first axis `batch`. All beams of a row start with its states; in
            `step` they have a first axis `batch x beams`, beams of a row side by side.
        start_token: token with which all sequences start; it is not returned.
        stop_token: token that ends a sequence.
        max_length: number of tokens after which a sequence ends anyhow.
        beam_width: number of beginnings that are kept.
        length_penalty: 0 compares probabilities, 1 nearly those of a single token.

    Returns:
        `(tokens, scores)`: int32 `(batch, beam_width, max_length)`, filled up with the
        stop token, and float32 `(batch, beam_width)`, the best sequence first. The
        others are what was found on the way; a score of minus infinity means nothing.
    """
    batch = keras.tree.flatten(states)[0].shape[0]
    rows = ops.arange(batch)[:, None]

    def penalty(length):
        return ((5.0 + ops.cast(length, "float32")) / 6.0) ** length_penalty

    def pick(values, beams):
        """Of tensors `(batch, many, ...)` the given ones of every row."""
        flat = ops.reshape(values, (-1, *values.shape[2:]))
        return ops.take(flat, rows * values.shape[1] + beams, axis=0)

    def best(scores, count):
        scores, indices = ops.top_k(scores, count)
        return scores, ops.cast(indices, "int32")

    def follow(state, beams):
        chosen = ops.reshape(rows * beam_width + beams, (-1,))
        return ops.take(state, chosen, axis=0)

    def more(position, live, scores, ended, ended_scores, states):
        # Probabilities fall and the penalty grows: the most that one may still reach.
        hope = scores[:, 0] / penalty(max_length)
        open_rows = ops.any(hope > ended_scores[:, 0])
        return ops.logical_and(position < max_length, open_rows)

    def write(position, live, scores, ended, ended_scores, states):
        last = ops.take(live, ops.maximum(position - 1, 0), axis=2)
        last = ops.where(position == 0, start_token, last)
        logits, states = step(position, ops.reshape(last, (-1,)), states)
        more_scores = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        vocabulary = more_scores.shape[-1]
        more_scores = ops.reshape(more_scores, (batch, beam_width, vocabulary))
        more_scores = ops.reshape(scores[:, :, None] + more_scores, (batch, -1))
        # At most one continuation of every beam stops, so that enough of them go on.
        candidate_scores, indices = best(more_scores, 2 * beam_width)
        beams, tokens = indices // vocabulary, indices % vocabulary
        candidates = ops.slice_update(
            pick(live, beams), [0, 0, position], tokens[:, :, None]
        )
        stops = tokens == stop_token
        going = ops.where(stops, -float("inf"), candidate_scores)
        scores, chosen = best(going, beam_width)
        live = pick(candidates, chosen)
        among_the_best = ops.arange(2 * beam_width) < beam_width
        stopped = ops.where(
            ops.logical_and(stops, among_the_best),
            candidate_scores / penalty(position + 1),
            -float("inf"),
        )
        ended_scores, kept = best(
            ops.concatenate([ended_scores, stopped], axis=1), beam_width
        )
        ended = pick(ops.concatenate([ended, candidates], axis=1), kept)
        beams = pick(beams, chosen)
        states = keras.tree.map_structure(lambda state: follow(state, beams), states)
        return position + 1, live, scores, ended, ended_scores, states

    empty = ops.full((batch, beam_width, max_length), stop_token, "int32")
    nothing = ops.full((batch, beam_width), -float("inf"), "float32")
    # All beams are equal at first: only one of them counts.
    one = ops.where(ops.arange(beam_width) == 0, 0.0, nothing)
    states = keras.tree.map_structure(
        lambda state: ops.repeat(state, beam_width, axis=0), states
    )
    start = ops.zeros((), "int32"), empty, one, empty, nothing, states
    position, live, scores, ended, ended_scores, _ = ops.while_loop(more, write, start)
    # After `max_length` tokens what goes on has ended too.
    cut = ops.where(position == max_length, scores / penalty(max_length), nothing)
    scores, kept = best(ops.concatenate([ended_scores, cut], axis=1), beam_width)
    return pick(ops.concatenate([ended, live], axis=1), kept), scores
