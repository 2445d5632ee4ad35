"""A keras.Model that says in words what is in an image."""

import keras
import numpy as np
from keras import ops

from kerazoo.layers import masked  # noqa: F401  registers loss and accuracy
from kerazoo.layers.beam_search import beam_search
from kerazoo.layers.beam_writer import END, START, BeamWriter, ended


@keras.saving.register_keras_serializable(package="kerazoo")
class Captioner(BeamWriter):
    """A functional model from an image and a begin of its caption to the next words.

    `Captioner({"images": images, "tokens": tokens}, logits)` is `keras.Model` for
    images, int32 tokens `(batch, words)` that start with the token 1 and are filled up
    with 0, and logits `(batch, words, vocabulary)`; the token 2 ends a caption. Besides
    it writes whole captions, by `caption`.

    Four of its layers do that: `image_first` takes what the recurrent layer `lstm`
    reads first, `word_embedding` gives what it reads of a word, `logits` follows it.
    """

    @property
    def given(self):
        """The symbolic inputs by name."""
        return {tensor.name: tensor for tensor in self.inputs}

    def caption(self, images, *, beam_width=20, length_penalty=0.0, batch_size=32):
        """Describes images by beam search; compiled.

        Args:
            images: `(n, height, width, channels)`, standardised as the model's inputs.
            beam_width: how many beginnings of a caption are kept; 1 is greedy decoding.
            length_penalty: 0, as in the paper, favours the most probable caption, which
                is often short; more favours longer ones (Wu et al., 2016).
            batch_size: images to describe at once.

        Returns:
            A list of strings, where the model has a `tokenizer`; else of int32 arrays.

        Raises:
            ValueError: images of another shape, or options out of range.

        Example:
            >>> kerazoo.fit(model, "shapes/captions")
            >>> model.caption(images)
            ['a red circle in the sky']
        """
        self.check_options(length_penalty, beam_width=beam_width, batch_size=batch_size)
        images = np.asarray(images, "float32")
        wanted = self.given["images"].shape[1:]
        if images.ndim != 4 or images.shape[1:] != wanted or not len(images):
            raise ValueError(
                f"`images` must have the shape (n, {', '.join(map(str, wanted))}). "
                f"Received: {images.shape}"
            )
        program = self._program(beam_width, length_penalty)
        size, rows = min(batch_size, len(images)), []
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            # The last batch is as large as the others.
            batch = np.resize(batch, (size, *wanted))
            found = ops.convert_to_numpy(program(ops.convert_to_tensor(batch)))
            rows += map(ended, found)
        rows = rows[: len(images)]
        if self.tokenizer is None:
            return rows
        return [self.tokenizer.decode(row.tolist()) for row in rows]

    def _answers(self, batches):
        images, references = self.references(batches)
        return self.caption(images, beam_width=1), references

    def references(self, batches):
        """Different images, and the captions of each."""
        images, references = [], []
        for batch in batches:
            inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(batch)
            for image, target in zip(
                np.asarray(inputs["images"]), np.asarray(targets), strict=True
            ):
                if not images or not np.array_equal(image, images[-1]):
                    images.append(image)
                    references.append([])
                references[-1].append(self.tokenizer.decode(target.tolist()))
        return np.stack(images), references

    def _search(self, beam_width, length_penalty):
        """A function from images to the tokens of their captions."""
        image_first, word_embedding, lstm, head = map(
            self.get_layer, ("image_first", "word_embedding", "lstm", "logits")
        )
        seeing = keras.Model(self.given["images"], image_first.input)
        never = self._never()

        def search(images):
            seen = seeing(images, training=False)
            nothing = ops.zeros((seen.shape[0], lstm.units), seen.dtype)
            _, states = lstm.cell(seen, [nothing, nothing], training=False)

            def step(position, tokens, states):
                word = word_embedding(tokens)
                output, states = lstm.cell(word, list(states), training=False)
                logits = ops.cast(head(output), "float32")
                return logits + never, tuple(states)

            found, _ = beam_search(
                step, tuple(states), start_token=START, stop_token=END,
                max_length=self.given["tokens"].shape[1], beam_width=beam_width,
                length_penalty=length_penalty,
            )  # fmt: skip
            return found[:, 0]

        return search
