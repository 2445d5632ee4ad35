"""A keras.Model that writes by beam search: what translators and captioners share."""

import itertools

import keras
import numpy as np

from kerazoo.bleu import bleu
from kerazoo.layers.text_model import TextModel
from kerazoo.tokenizers import MarkedTokenizer

PADDING = MarkedTokenizer.padding_token
START = MarkedTokenizer.start_token
END = MarkedTokenizer.end_token


@keras.saving.register_keras_serializable(package="kerazoo")
class BeamWriter(TextModel):
    """A `TextModel` whose texts end in a mark, and are searched by a compiled beam.

    A subclass gives `_search(*options)`, a function from inputs to the tokens of the
    best texts, and `_answers(batches)`, what it writes itself for batches of inputs,
    with the texts that would be right.
    """

    def check_options(self, length_penalty, **sizes):
        """Raises ValueError where an option of the search is out of range."""
        for name, value in sizes.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be a positive integer. Received: {value!r}"
                )
        if not length_penalty >= 0:
            raise ValueError(
                f"`length_penalty` must not be negative. Received: {length_penalty!r}"
            )

    def evaluate(self, x=None, y=None, **keywords):
        """As `keras.Model.evaluate`; with `return_dict=True` also the BLEU.

        That of what the model writes itself, a translator by its defaults and a
        captioner greedily, against the targets, on words, where the model has a
        tokenizer. An image that comes several times in a row has so many right
        captions. The validations of `fit` go without.
        """
        results = super().evaluate(x, y, **keywords)
        in_fit = "_use_cached_eval_dataset" in keywords
        if isinstance(results, dict) and self.tokenizer is not None and not in_fit:
            batches = x if y is None else [(x, y)]
            batches = itertools.islice(batches, keywords.get("steps"))
            results["bleu"] = bleu(*self._answers(batches))
        return results

    def _program(self, beam_width, length_penalty, *options):
        """The compiled search; one beam has no lengths to compare."""
        options = beam_width, length_penalty if beam_width > 1 else 0.0, *options
        known = self.tokenizer and self.tokenizer.vocabulary_size
        return self.program(lambda: self._search(*options), *options, known)

    def _never(self):
        """Minus infinity for tokens that are not written, added to the logits."""
        vocabulary = np.arange(self.outputs[0].shape[-1])
        known = len(vocabulary)
        if self.tokenizer is not None:
            known = min(known, self.tokenizer.vocabulary_size)
        is_written = (vocabulary >= END) & (vocabulary < known)
        return np.where(is_written, 0.0, -np.inf).astype("float32")


def ended(row):
    """Tokens up to the end mark, if there is one."""
    return row[: np.argmax(row == END)] if END in row else row
