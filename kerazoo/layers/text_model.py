"""What keras.Models that take and give texts have in common."""

import functools

import keras
import numpy as np

from kerazoo.layers.compilation import compiled


@keras.saving.register_keras_serializable(package="kerazoo")
class TextModel(keras.Model):
    """A functional model of which the last axis of the output is its vocabulary.

    Attributes:
        tokenizer: an object of `kerazoo.tokenizers`, or None. `kerazoo.fit` on texts
            and `weights=` from a folder attach the right one; it is saved with the
            model.
    """

    tokenizer = None

    def token_rows(self, name, texts):
        """Texts as a list of int32 arrays.

        Args:
            name: what the argument is called in errors.
            texts: a string or a list of strings, the token ids of one text, or a list
                or 2D array of them.

        Raises:
            ValueError: an empty text, ids outside the vocabulary, or a string for a
                model without a tokenizer.
        """
        rows = [texts] if isinstance(texts, str) else texts
        if len(rows) and all(isinstance(row, str) for row in rows):
            if self.tokenizer is None:
                raise ValueError(
                    f"{self.name!r} has no tokenizer for a text: set `model.tokenizer` "
                    "(see kerazoo.tokenizers), or pass token ids."
                )
            rows = [self.tokenizer.encode(text) for text in rows]
        elif not len(rows) or np.ndim(rows[0]) == 0:
            rows = [rows]
        rows = [np.asarray(row) for row in rows]
        if not all(row.ndim == 1 and row.size for row in rows):
            raise ValueError(
                f"`{name}` must be a text, its token ids, or a list of either, and no "
                f"text may be empty. Received: {texts!r}"
            )
        for row in rows:
            self.check_tokens(name, row)
        return [row.astype("int32") for row in rows]

    def check_tokens(self, name, tokens):
        """Raises ValueError where an array holds other things than token ids."""
        last = self.outputs[0].shape[-1] - 1
        integers = np.issubdtype(tokens.dtype, np.integer)
        if not integers or tokens.min() < 0 or tokens.max() > last:
            raise ValueError(
                f"`{name}`: tokens of {self.name!r} are integers in 0..{last}. "
                f"Received: {tokens}"
            )

    @functools.cached_property
    def _programs(self):
        return {}

    def program(self, make, *key):
        """The function that `make()` gives, compiled, once for each key.

        The trainer's `run_eagerly` leaves it uncompiled. `key` is what the function
        depends on besides its arguments.
        """
        key = *key, self.run_eagerly
        if key not in self._programs:
            function = make()
            if not self.run_eagerly:
                function = compiled(function, self)
            self._programs[key] = function
        return self._programs[key]

    def get_config(self):
        tokenizer = self.tokenizer
        if tokenizer is not None:
            tokenizer = keras.saving.serialize_keras_object(tokenizer)
        return {**super().get_config(), "tokenizer": tokenizer}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        tokenizer = config.pop("tokenizer", None)
        model = super().from_config(config, custom_objects=custom_objects)
        if tokenizer is not None:
            model.tokenizer = keras.saving.deserialize_keras_object(
                tokenizer, custom_objects=custom_objects
            )
        return model


def round_up(length):
    """The next power of two, from 16 on: one program serves many lengths."""
    return max(16, 1 << (int(length) - 1).bit_length())
