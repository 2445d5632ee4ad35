"""A keras.Model that translates: it reads a text and writes another one."""

import keras
import numpy as np
from keras import layers, ops

from kerazoo.layers.attention import KeyValueCache
from kerazoo.layers.beam_search import beam_search
from kerazoo.layers.beam_writer import END, PADDING, START, BeamWriter, ended
from kerazoo.layers.text_model import round_up
from kerazoo.tokenizers import MarkedTokenizer


@keras.saving.register_keras_serializable(package="kerazoo")
class Translator(BeamWriter):
    """A functional model from source and target tokens to the next target tokens.

    `Translator([source, target], logits)` is `keras.Model([source, target], logits)`
    for int32 tokens `(batch, tokens)` of both texts and logits
    `(batch, target tokens, vocabulary)`. A source ends in the token 2, a target starts
    with the token 1 and is what was written so far; both are filled up with 0. Besides
    it takes texts of any lengths, and `translate` writes whole translations.

    Three of its layers do the work: `embedding`, a `keras.layers.ReversibleEmbedding`;
    `encoder`, from source vectors and booleans, which of them are no padding, to a list
    of what the decoder needs of the source; and `decoder`, from target vectors, these
    booleans and the encoder's outputs to the vectors that `embedding` takes back.
    """

    def __init__(self, inputs, outputs, name=None, **keywords):
        super().__init__(inputs, outputs, name=name, **keywords)
        self.input_spec = [layers.InputSpec(ndim=2), layers.InputSpec(ndim=2)]

    def translate(
        self, source, *, beam_width=4, length_penalty=0.6, max_extra_tokens=50,
        batch_size=32,
    ):  # fmt: skip
        """Translates texts by beam search; compiled, with a cache of keys and values.

        Args:
            source: a string or a list of strings, where the model has a `tokenizer`;
                the token ids of one text, or a list or 2D array of them, without start,
                end and padding. Texts of a list may differ in length.
            beam_width: how many beginnings of a translation are kept; 1 is greedy
                decoding.
            length_penalty: 0 favours the most probable translation, which is often
                short; more favours longer ones (Wu et al., 2016, section 7).
            max_extra_tokens: how many tokens longer than its source a translation may
                be.
            batch_size: texts to translate at once.

        Returns:
            The translation as the source came: a string or a list of them, an int32
            array or a list of them.

        Raises:
            ValueError: an empty text, ids outside the vocabulary, text for a model
                without a tokenizer, or options out of range.

        Example:
            >>> model.translate("the old king sees a cat")
        """
        self.check_options(
            length_penalty, beam_width=beam_width, max_extra_tokens=max_extra_tokens,
            batch_size=batch_size,
        )  # fmt: skip
        if not isinstance(self.tokenizer, MarkedTokenizer | None):
            raise ValueError(
                f"The tokenizer of {self.name!r} must have marks, a MarkedTokenizer. "
                f"Received: {type(self.tokenizer).__name__}"
            )
        rows = self.token_rows("source", source)
        # Texts of about the same length go together.
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        size, written = min(batch_size, len(rows)), {}
        program = self._program(beam_width, length_penalty, max_extra_tokens)
        for start in range(0, len(rows), size):
            chosen = order[start : start + size]
            texts = np.full((size, round_up(len(rows[chosen[-1]]) + 1)), PADDING)
            for text, index in zip(texts, chosen, strict=False):
                text[: len(rows[index]) + 1] = [*rows[index], END]
            texts[len(chosen) :] = texts[0]  # the last batch is as large as the others
            found = program(ops.convert_to_tensor(texts, "int32"))
            for index, row in zip(chosen, ops.convert_to_numpy(found), strict=False):
                written[index] = ended(row)
        results = [written[index] for index in range(len(rows))]
        is_text = isinstance(source, str) or isinstance(source[0], str)
        if is_text:
            results = [self.tokenizer.decode(row.tolist()) for row in results]
        is_one = isinstance(source, str) or (not is_text and np.ndim(source[0]) == 0)
        return results[0] if is_one else results

    def _answers(self, batches):
        sources, targets = [], []
        for batch in batches:
            (source, _), target, _ = keras.utils.unpack_x_y_sample_weight(batch)
            sources += [row[row > END] for row in np.asarray(source)]
            targets += np.asarray(target).tolist()
        decode = self.tokenizer.decode
        found = [decode(row.tolist()) for row in self.translate(sources)]
        return found, [[decode(row)] for row in targets]

    def _search(self, beam_width, length_penalty, max_extra_tokens):
        """A function from sources to the tokens of their translations."""
        embedding, encoder, decoder = map(
            self.get_layer, ("embedding", "encoder", "decoder")
        )
        vocabulary = np.arange(self.outputs[0].shape[-1])
        never = self._never()
        only_end = np.where(vocabulary == END, 0.0, -np.inf).astype("float32")

        def search(source):
            batch, tokens = source.shape
            length = tokens + max_extra_tokens
            is_token = ops.not_equal(source, PADDING)
            memory = encoder([embedding(source), is_token], training=False)
            is_token, memory = keras.tree.map_structure(
                lambda part: ops.repeat(part, beam_width, axis=0),
                (is_token, list(memory)),
            )
            limits = ops.sum(ops.cast(is_token, "int32"), axis=1)[:, None]
            limits = limits - 1 + max_extra_tokens
            cache = KeyValueCache.empty(decoder, batch, length)

            def step(position, tokens, states):
                with KeyValueCache(position, states) as cache:
                    newest = embedding(tokens[:, None])
                    x = decoder([newest, is_token, *memory], training=False)
                logits = embedding(x, reverse=True)[:, 0]
                logits = ops.where(position < limits, logits + never, only_end)
                return logits, cache.states

            found, _ = beam_search(
                step, cache.states, start_token=START, stop_token=END,
                max_length=length, beam_width=beam_width, length_penalty=length_penalty,
            )  # fmt: skip
            return found[:, 0]

        return search
