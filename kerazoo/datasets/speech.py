"""Batches of recordings with their texts, for networks that write down what they hear.

An example is `({"audio": samples, "rate": hertz}, text)`. A recording becomes its
spectrogram (`kerazoo.spectrogram`), a text the numbers of its letters, filled up with
0. Batches hold recordings of similar length, as Deep Speech's do: those of eight
batches are sorted together.
"""

import numpy as np
import tensorflow as tf

from kerazoo.datasets.arrays import SHUFFLE_BUFFER
from kerazoo.datasets.images import with_seeds
from kerazoo.spectrogram import STEP, FilterBank, samples

_CACHED = 10_000  # recordings; of a second each, 640 MB at most
_FITTED = 1000  # recordings from which the filter bank is standardised
_POOL = 8  # batches that are sorted together
_AUGMENTATIONS = {"colour", "gain", "mask", "noise", "shift", "speed", "tempo"}
_FRAMES, _LETTERS = 32, 8  # batches grow by these: few shapes to compile for


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches of a `Source` of recordings for a `SpeechRecognizer`.

    A model without a filter bank is given one, standardised on the first thousand
    training recordings.

    Of a recipe's `augment`, ranges from which every recording draws anew: `speed`, a
    factor of tempo and pitch together; `tempo`, a factor of tempo alone; `gain`,
    loudness in decibels; `colour`, deviation of the random smooth response of another
    microphone, in decibels; `noise`, decibels of the recording above a random noise;
    `shift`, seconds of silence before and after; `mask`, the largest number of
    neighbouring bands that are hidden.

    Raises:
        ValueError: the model takes no spectrograms, was trained for another sample rate
            or has no letter for a character; or `augment` has other entries.
    """
    shapes = {tensor.name: tensor.shape for tensor in model.inputs}
    if not hasattr(model, "transcribe"):
        raise ValueError(
            f"Dataset {source.name!r} holds recordings, but {model.name!r} takes none."
        )
    if unknown := set(augment) - _AUGMENTATIONS:
        raise ValueError(
            f"`augment` of recordings has {', '.join(sorted(_AUGMENTATIONS))}. "
            f"Received: {', '.join(sorted(unknown))}"
        )
    bands = shapes["spectrogram"][-1] - 1
    if model.filter_bank is None:
        model.filter_bank = _fitted(source, bands)
    bank = model.filter_bank
    rate = next(examples.as_numpy_iterator())[0]["rate"]
    if rate != bank.sample_rate:
        raise ValueError(
            f"{source.name!r} has {rate} samples a second, but {model.name!r} hears "
            f"{bank.sample_rate}."
        )
    size = int(examples.cardinality())
    if size <= _CACHED:
        examples = examples.cache()
    if shuffle:
        examples = examples.shuffle(min(size, SHUFFLE_BUFFER), seed=seed)

    def hear(seeds, audio, text):
        letters = np.array(model.encode(text.decode("utf-8")), "int32")
        if not augment:
            return bank(audio), letters
        random = np.random.default_rng(np.abs(seeds))
        return augmented(samples(audio), bank, augment, random), letters

    def prepare(seeds, recording, text):
        spectrogram, letters = tf.numpy_function(
            hear, [seeds, recording["audio"], text], (tf.float32, tf.int32),
            stateful=False,
        )  # fmt: skip
        return (
            tf.ensure_shape(spectrogram, (None, bands + 1)),
            tf.ensure_shape(letters, (None,)),
        )

    examples = with_seeds(examples, seed).map(
        prepare, num_parallel_calls=tf.data.AUTOTUNE
    )
    examples = examples.ragged_batch(_POOL * batch_size).map(_sorted).unbatch()
    examples = examples.apply(tf.data.experimental.assert_cardinality(size))
    grouped = examples.ragged_batch(batch_size, drop_remainder=drop_remainder)
    return grouped.map(_padded).prefetch(tf.data.AUTOTUNE)


def _fitted(source, bands):
    recordings = source.read("train").take(_FITTED).as_numpy_iterator()
    recordings = [recording for recording, _ in recordings]
    rate = recordings[0]["rate"]
    return FilterBank.fitted([r["audio"] for r in recordings], rate, bands)


def _sorted(spectrograms, letters):
    order = tf.argsort(spectrograms.row_lengths())
    return tf.gather(spectrograms, order), tf.gather(letters, order)


def _padded(spectrograms, letters):
    lengths = tf.cast(spectrograms.row_lengths(), tf.int32)
    inputs = {"spectrogram": _filled(spectrograms, _FRAMES), "length": lengths}
    return inputs, _filled(letters, _LETTERS)


def _filled(rows, unit):
    """Rows filled up with 0 to one length, a multiple of `unit`."""
    dense = rows.to_tensor()
    more = [[0, 0], [0, -tf.shape(dense)[1] % unit], [0, 0]]
    return tf.pad(dense, more[: len(dense.shape)])


def augmented(audio, bank, augment, random):
    """The spectrogram of a recording as another speaker might have made it.

    Args:
        audio: samples in -1..1.
        bank: a `FilterBank`.
        augment: as of `batches`.
        random: a NumPy generator.
    """

    def draw(name, default):
        return random.uniform(*augment.get(name, (default, default)))

    speed = draw("speed", 1.0)
    places = np.arange(0, len(audio), speed)
    audio = np.interp(places, np.arange(len(audio)), audio)
    if "shift" in augment:
        margins = [int(draw("shift", 0.0) * bank.sample_rate) for _ in range(2)]
        audio = np.pad(audio, margins)
    audio = audio * 10 ** (draw("gain", 0.0) / 20)
    if "noise" in augment:
        ratio = 10 ** (-draw("noise", 0.0) / 20)
        audio = audio + ratio * np.sqrt(np.square(audio).mean()) * _noise(audio, random)
    energies = bank.energies(audio, STEP * draw("tempo", 1.0))
    if "colour" in augment:
        energies = energies + draw("colour", 0.0) * _colour(bank.bands, random)
    features = bank.standardized(energies)
    if "mask" in augment:
        first = random.integers(bank.bands)
        last = min(first + random.integers(1 + augment["mask"]), bank.bands)
        features[:, first:last] = 0
    return features.astype("float32")


def _noise(audio, random):
    """Noise of deviation 1, between white and red."""
    size = 1 << len(audio).bit_length()  # other lengths transform slowly
    noise = np.fft.rfft(random.standard_normal(size))
    noise *= np.arange(1, len(noise) + 1) ** -random.uniform(0, 1)
    noise = np.fft.irfft(noise)
    return (noise / noise.std())[: len(audio)]


def _colour(bands, random):
    """A smooth response over the bands, in units of log energy for each decibel."""
    place = np.linspace(0, np.pi, bands)
    waves = np.cos(np.arange(1, 5)[:, None] * place)
    response = random.standard_normal(4) @ waves / 2**0.5
    return np.append(response, 0.0) * np.log(10) / 10


# --------------------------------------------- recordings of TensorFlow Datasets

_DIGITS = "zero one two three four five six seven eight nine".split()
# Speakers that are heard in no training, where a dataset has no such split.
_TEST_SPEAKERS = {"spoken_digit": ("theo", "yweweler")}
_SPLITS = {
    "librispeech": {
        "train": "train_clean100+train_clean360+train_other500",
        "validation": "dev_clean",
        "test": "test_clean",
    },
}


def fields(builder):
    """Fields of a `Source` for a TFDS dataset of recordings.

    The texts are its own, else the names of the labels, digits in letters. LibriSpeech
    has the splits train, validation (dev_clean) and test (test_clean) besides its own.
    Free Spoken Digits (`spoken_digit`), six speakers, has four of them in train and the
    last two by name, theo and yweweler, in test.
    """
    import tensorflow_datasets as tfds

    features = builder.info.features
    audio = _only(features, tfds.features.Audio)
    text = "text" if "text" in features else _only(features, tfds.features.ClassLabel)
    names = getattr(features[text], "names", None)
    if names:
        names = [_DIGITS[int(n)] if n in set("0123456789") else n for n in names]
    rate = features[audio].sample_rate
    aliases = _SPLITS.get(builder.name, {})
    speakers = _TEST_SPEAKERS.get(builder.name)

    def example(raw):
        words = tf.constant(names)[raw[text]] if names else raw[text]
        return {"audio": raw[audio], "rate": rate}, words

    def read(split):
        name, bracket, part = split.partition("[")
        if not speakers:
            parts = [s + bracket + part for s in aliases.get(name, name).split("+")]
            return builder.as_dataset(split="+".join(parts)).map(example)

        def chosen(raw):
            speaker = tf.strings.split(raw["audio/filename"], "_")[1]
            return tf.reduce_any(speaker == tf.constant(speakers)) == (name == "test")

        whole = builder.as_dataset(split=f"train{bracket}{part}").filter(chosen)
        count = whole.reduce(np.int64(0), lambda count, _: count + 1)
        return whole.apply(tf.data.experimental.assert_cardinality(count)).map(example)

    splits = ("train", "test") if speakers else (*builder.info.splits, *aliases)
    return {
        "kind": "speech", "classes": None, "splits": splits, "image_shape": None,
        "read": read,
    }  # fmt: skip


def _only(features, kind):
    return next(key for key, feature in features.items() if type(feature) is kind)
