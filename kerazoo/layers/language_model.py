"""A keras.Model that writes: it continues texts token by token.

Shared by the networks that give, for every token of a text, the logits of the next one.
"""

import functools

import keras
import numpy as np
from keras import layers, ops

from kerazoo.layers.attention import KeyValueCache
from kerazoo.layers.text_model import TextModel, round_up


@keras.saving.register_keras_serializable(package="kerazoo")
class LanguageModel(TextModel):
    """A functional model from tokens to the logits of the next tokens.

    `LanguageModel(inputs, outputs)` is `keras.Model(inputs, outputs)` for an input
    `(context,)` of int32 tokens and an output `(context, vocabulary)`, and two things
    more: it takes texts of any length up to the context, and `generate` continues them.
    """

    def __init__(self, inputs, outputs, name=None, **keywords):
        super().__init__(inputs, outputs, name=name, **keywords)
        self.input_spec = layers.InputSpec(ndim=2)

    def generate(
        self, prompt, max_new_tokens, *, temperature=0.0, top_k=None, top_p=None,
        stop_token=None, seed=None,
    ):  # fmt: skip
        """Continues texts; compiled, with a cache of keys and values.

        By default every token is the most probable one (greedy decoding). When a text
        fills the context, it is continued from its last half.

        Args:
            prompt: a string or a list of strings, where the model has a `tokenizer`;
                the token ids of one text, or a list or 2D array of them. Texts of a
                list may differ in length.
            max_new_tokens: how many tokens to add to each text.
            temperature: 0 for the most probable token; else tokens are drawn from the
                softmax of the logits divided by it: 1 is the model's distribution,
                less is safer, more is wilder.
            top_k: draw among the `top_k` most probable tokens only.
            top_p: draw among the most probable tokens that together have probability
                `top_p` (nucleus sampling).
            stop_token: id of a token that ends a text; more of it fills the rest.
            seed: fixes the draws.

        Returns:
            The prompt with its continuation, as it came: a string (without the stop
            token) or a list of them, an int32 array or a list of them.

        Raises:
            ValueError: an empty prompt, ids outside the vocabulary, text for a model
                without a tokenizer, or options out of range.

        Example:
            >>> model.generate("ROMEO:", 200, temperature=0.8, top_k=40, seed=0)
        """
        sizes = {"max_new_tokens": max_new_tokens}
        if top_k is not None:
            sizes["top_k"] = top_k
        for name, value in sizes.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be a positive integer. Received: {value!r}"
                )
        if not temperature >= 0:
            raise ValueError(
                f"`temperature` must not be negative. Received: {temperature!r}"
            )
        if top_p is not None and not 0 < top_p <= 1:
            raise ValueError(f"`top_p` must be in (0, 1]. Received: {top_p!r}")
        if temperature == 0 and (top_k is not None or top_p is not None):
            raise ValueError(
                "`top_k` and `top_p` choose among tokens to draw, and nothing is drawn "
                "at temperature 0: pass e.g. temperature=1.0."
            )
        prompts = self.token_rows("prompt", prompt)
        if stop_token is not None:
            self.check_tokens("stop_token", np.array(stop_token))
        write = functools.partial(
            self._write,
            stop_token=-1 if stop_token is None else stop_token,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=keras.random.SeedGenerator(seed),
        )
        context = self.inputs[0].shape[1]
        rows, left = prompts, max_new_tokens
        ended = np.zeros(len(rows), bool)
        while left:
            views = rows
            if max(map(len, rows)) >= context:
                views = [row[-(context // 2) :] for row in rows]
            new = min(left, context - max(map(len, views)))
            more, ended = write(views, new, ended)
            rows = [np.concatenate(pair) for pair in zip(rows, more, strict=True)]
            left -= new
        return self._as_given(prompt, prompts, rows, stop_token)

    def _as_given(self, prompt, prompts, rows, stop_token):
        """Rows of tokens in the form in which the prompt came."""
        if isinstance(prompt, str) or isinstance(prompt[0], str):
            texts = []
            for start, row in zip(map(len, prompts), rows, strict=True):
                ends = np.flatnonzero(row[start:] == stop_token)
                row = row[: start + ends[0]] if len(ends) else row
                texts.append(self.tokenizer.decode(row.tolist()))
            return texts[0] if isinstance(prompt, str) else texts
        if np.ndim(prompt[0]) == 0:
            return rows[0]
        return np.stack(rows) if len(set(map(len, rows))) == 1 else rows

    def _write(
        self, rows, new, ended, *, stop_token, temperature, top_k, top_p, seed
    ):  # fmt: skip
        """`new` tokens more for every row, and which rows have met the stop token."""
        lengths = np.array([len(row) for row in rows], "int32")
        context = self.inputs[0].shape[1]
        room = min(context, round_up(lengths.max() + new))
        text = np.full((len(rows), room), max(stop_token, 0), "int32")
        for row, tokens in zip(text, rows, strict=True):
            row[: len(tokens)] = tokens
        arguments = (
            text[:, : round_up(lengths.max())],
            text,
            lengths,
            np.int32(lengths.max() + new),
            ended,
            np.int32(stop_token),
            keras.random.uniform(text.shape, seed=seed),
            np.float32(temperature),
            np.float32(top_p or np.inf),
        )
        if top_k is None and top_p is not None:
            top_k = self.outputs[0].shape[-1]
        drawn = temperature > 0
        # Of a larger vocabulary nothing is written that is no text.
        known = self.tokenizer and self.tokenizer.vocabulary_size
        loop = functools.partial(self._loop, drawn=drawn, top_k=top_k, known=known)
        program = self.program(lambda: loop, drawn, top_k, known)
        text, ended = program(*map(ops.convert_to_tensor, arguments))
        text, ended = ops.convert_to_numpy(text), ops.convert_to_numpy(ended)
        return [t[n : n + new] for t, n in zip(text, lengths, strict=True)], ended

    def _loop(
        self, prompt, text, lengths, last, ended, stop_token, draws, temperature, top_p,
        *, drawn, top_k, known,
    ):  # fmt: skip
        """Writes into `text` up to `last`, after each row's first `lengths` tokens.

        `prompt` is the begin of `text`, read at once. Its end may be no text yet: what
        it leaves in the cache is overwritten before anything sees it. Rows that are
        longer than the shortest one meet their own tokens first.
        """
        with KeyValueCache.empty(self, *text.shape) as cache:
            self(prompt, training=False)

        def more(position, text, ended, states):
            return ops.logical_and(position < last, ops.any(ops.logical_not(ended)))

        def write(position, text, ended, states):
            newest = ops.take(text, position - 1, axis=1)[:, None]
            with KeyValueCache(position - 1, states) as cache:
                logits = self(newest, training=False)[:, 0, :known]
            if drawn:
                logits = logits / temperature
                if top_k is not None:
                    logits = keep_likely(logits, top_k, top_p)
                token = draw(logits, ops.take(draws, position, axis=1))
            else:
                token = ops.cast(ops.argmax(logits, axis=-1), "int32")
            token = ops.where(ended, stop_token, token)
            is_given = position < lengths
            token = ops.where(is_given, ops.take(text, position, axis=1), token)
            stops = ops.logical_and(token == stop_token, ops.logical_not(is_given))
            text = ops.slice_update(text, [0, position], token[:, None])
            return position + 1, text, ops.logical_or(ended, stops), cache.states

        start = ops.min(lengths), text, ended, cache.states
        _, text, ended, _ = ops.while_loop(more, write, start)
        return text, ended


def keep_likely(logits, top_k, top_p):
    """Logits with those of unlikely tokens at minus infinity.

    Kept are the `top_k` most probable tokens, and of these the fewest most probable
    ones that have probability `top_p` together (of that of the `top_k`).
    """
    ordered, _ = ops.top_k(logits, min(top_k, logits.shape[-1]))
    probabilities = ops.softmax(ordered)
    before = ops.cumsum(probabilities, axis=-1) - probabilities
    kept = ops.where(before < top_p, ordered, float("inf"))
    least = ops.min(kept, axis=-1, keepdims=True)
    return ops.where(logits < least, -float("inf"), logits)


def draw(logits, uniform):
    """Tokens drawn from the softmax of logits by numbers uniform in [0, 1)."""
    cumulative = ops.cumsum(ops.softmax(logits), axis=-1)
    threshold = uniform[:, None] * cumulative[:, -1:]
    return ops.sum(ops.cast(cumulative <= threshold, "int32"), axis=-1)
