"""A keras.Model that writes down what it hears.

Shared by the networks that give, for every few frames of a recording, the logits of the
letters and of the blank of connectionist temporal classification (Graves et al., 2006).
"""

import math

import keras
import numpy as np
from keras import ops

from kerazoo.layers.error_rate import BLANK, SPACE, best_path
from kerazoo.spectrogram import FilterBank

_CHUNK = 32  # recordings that are transcribed at once
_STEPS = 32  # frames by which batches grow, so that few programs serve all lengths
_UNLIKELY = math.log(1e-6)


@keras.saving.register_keras_serializable(package="kerazoo")
class SpeechRecognizer(keras.Model):
    """A functional model from recordings to logits, and `transcribe`.

    It takes `{"spectrogram": (batch, frames, features), "length": (batch,)}`:
    standardised features, those of shorter recordings filled up with zeros, and how
    many frames each recording has. It gives logits `(batch, steps, 1 + letters)`; past
    the end of a recording nothing but the blank, 0, is probable.

    Attributes:
        alphabet: the letters from 1 on, the space first.
        filter_bank: a `kerazoo.spectrogram.FilterBank`, or None. `kerazoo.fit` on
            recordings attaches it; it is saved with the model.
    """

    alphabet = None
    filter_bank = None

    def encode(self, text):
        """Numbers of the letters of a text; capitals are made small.

        Raises:
            ValueError: a character that is not in the alphabet.
        """
        text = text.lower()
        for character in text:
            if character not in self.alphabet:
                raise ValueError(
                    f"Character {character!r} of {text!r} is not in the alphabet of "
                    f"{self.name!r}, {self.alphabet!r}."
                )
        return [1 + self.alphabet.index(character) for character in text]

    def decode(self, letters):
        """The text behind numbers of letters, blanks left out."""
        return "".join(self.alphabet[i - 1] for i in letters if i != BLANK)

    def transcribe(
        self, audio, *, beam_width=None, language_model=None, alpha=1.0, beta=0.0
    ):  # fmt: skip
        """The text of recordings.

        By default the best path is read: at every step the most probable letter. With
        a `beam_width` the most probable text is looked for, which sums over paths, and
        which maximises `log P(text | audio) + alpha * log P(text) + beta * words` where
        a language model is given (equation 6 of Hannun et al., 2014).

        Args:
            audio: samples of one recording, at the sample rate of `filter_bank`; a list
                of such; or a batch as the model takes it, a dictionary.
            beam_width: number of texts that are pursued at once.
            language_model: a function from a list of words to the logarithm of the
                probability that the last one follows the others.
            alpha: weight of the language model.
            beta: reward of every word, against its preference for few of them.

        Returns:
            The text, or a list of texts.

        Raises:
            ValueError: no filter bank for samples yet, or options out of range.

        Example:
            >>> model.transcribe(recording, beam_width=64)
            'seven'
        """
        if beam_width is None and language_model is not None:
            raise ValueError("A `language_model` needs a `beam_width`, e.g. 64.")
        if beam_width is not None and (
            not isinstance(beam_width, int) or beam_width < 1
        ):
            raise ValueError(
                f"`beam_width` must be a positive integer. Received: {beam_width!r}"
            )
        if isinstance(audio, dict):
            return self._read(audio, beam_width, language_model, alpha, beta)
        one = np.ndim(audio[0]) == 0
        spectrograms = [self.hear(a) for a in ([audio] if one else audio)]
        texts = []
        for start in range(0, len(spectrograms), _CHUNK):
            batch = padded(spectrograms[start : start + _CHUNK])
            texts += self._read(batch, beam_width, language_model, alpha, beta)
        return texts[0] if one else texts

    def hear(self, audio):
        """The spectrogram of a recording as the model takes it, `(frames, features)`.

        Raises:
            ValueError: the model has no filter bank yet.
        """
        if self.filter_bank is None:
            raise ValueError(
                f"{self.name!r} has no filter bank for samples yet: kerazoo.fit on "
                "recordings attaches one, or set `model.filter_bank` (see "
                "kerazoo.spectrogram)."
            )
        return self.filter_bank(audio)

    def _read(self, batch, beam_width, language_model, alpha, beta):
        logits = self.predict_on_batch(batch)
        if beam_width is None:
            return [
                self.decode(path) for path in ops.convert_to_numpy(best_path(logits))
            ]
        logits = logits.astype("float64")
        top = logits.max(axis=-1, keepdims=True)
        logits -= top + np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))

        def bonus(letters):
            if language_model is None or not letters or letters[-1] == SPACE:
                return 0.0
            return alpha * language_model(self.decode(letters).split(" ")) + beta

        return [
            self.decode(beam_search(utterance, beam_width, bonus))
            for utterance in logits
        ]

    def get_config(self):
        bank = self.filter_bank
        return {
            **super().get_config(),
            "alphabet": self.alphabet,
            "filter_bank": None if bank is None else bank.get_config(),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        alphabet, bank = config.pop("alphabet"), config.pop("filter_bank")
        model = super().from_config(config, custom_objects=custom_objects)
        model.alphabet = alphabet
        if bank is not None:
            model.filter_bank = FilterBank(**bank)
        return model


def padded(spectrograms):
    """Spectrograms of any lengths as a batch that a `SpeechRecognizer` takes."""
    lengths = np.array([len(s) for s in spectrograms], "int32")
    room = -(-lengths.max() // _STEPS) * _STEPS
    batch = np.zeros((len(lengths), room, spectrograms[0].shape[1]), "float32")
    for row, spectrogram in zip(batch, spectrograms, strict=True):
        row[: len(spectrogram)] = spectrogram
    return {"spectrogram": batch, "length": lengths}


def beam_search(log_probabilities, width, bonus):
    """The most probable text, by a search over prefixes (Hannun et al., 2014b).

    A prefix is kept with the probabilities of all paths that spell it and end in a
    blank, and of those that end in its last letter.

    Args:
        log_probabilities: of blank and letters, `(steps, 1 + letters)`.
        width: number of prefixes that survive a step.
        bonus: function from a prefix to the score of its last word, 0 where it ends in
            a space; it is added for every word.

    Returns:
        A tuple of letters.
    """
    scores = {(): 0.0}  # of the words of a prefix
    beams = {(): (0.0, -math.inf)}
    for step in log_probabilities:
        blank, letters = step[BLANK], np.flatnonzero(step > _UNLIKELY).tolist()
        letters = [letter for letter in letters if letter != BLANK]
        found = {}

        def add(prefix, ends_in_blank, log_probability, found=found):
            pair = list(found.get(prefix, (-math.inf, -math.inf)))
            pair[not ends_in_blank] = _sum(pair[not ends_in_blank], log_probability)
            found[prefix] = tuple(pair)

        for prefix, (after_blank, after_letter) in beams.items():
            either = _sum(after_blank, after_letter)
            add(prefix, True, either + blank)
            for letter in letters:
                if prefix and letter == prefix[-1]:  # a blank parts equal letters
                    add(prefix, False, after_letter + step[letter])
                    before = after_blank
                else:
                    before = either
                if before == -math.inf:
                    continue
                longer = (*prefix, letter)
                if longer not in scores:
                    word = bonus(prefix) if letter == SPACE else 0.0
                    scores[longer] = scores[prefix] + word
                add(longer, False, before + step[letter])
        ranked = sorted(found, key=lambda p: -_sum(*found[p]) - scores[p])
        beams = {prefix: found[prefix] for prefix in ranked[:width]}
    return max(beams, key=lambda p: _sum(*beams[p]) + scores[p] + bonus(p))


def _sum(a, b):
    """Logarithm of the sum of two numbers that are given by theirs."""
    low, high = (a, b) if a < b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
