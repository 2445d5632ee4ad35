"""Deep Speech (Hannun et al., 2014).

One recurrent network from spectrograms to letters in place of phonemes, pronouncing
dictionaries, alignments and hidden Markov models. It is trained end to end by
connectionist temporal classification (Graves et al., 2006), which sums over all ways to
spread the letters of a transcript over the recording. The network is simple, so that it
can be large and fast: three dense layers, one recurrent layer without gates that runs
in both directions, two dense layers; and it learns from far more data.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.speech import SpeechRecognizer


@keras.saving.register_keras_serializable(package="kerazoo")
def clipped_relu(x):
    """The paper's activation, g(z) = min(max(0, z), 20)."""
    return ops.clip(x, 0.0, 20.0)


def during(x, length):
    """Which steps of `x` belong to the recordings, `(batch, steps, 1)`."""
    steps = ops.arange(ops.shape(x)[1], dtype="int32")
    return ops.less(steps[None], ops.cast(length, "int32")[:, None])[..., None]


@keras.saving.register_keras_serializable(package="kerazoo")
class BidirectionalRecurrence(layers.Layer):
    """Layer 4: the sum of two simple recurrences, forwards and backwards in time.

    `h_t = g(W x_t + b + R h_(t-1))`, where the directions share W and b and have an R
    each. `call(x, length)`: past the end of a recording the units are silent, so that
    the backward recurrence starts at its end.

    Args:
        units: number of recurrent units in each direction.
    """

    def __init__(self, units, **keywords):
        super().__init__(**keywords)
        self.units = units

    def build(self, input_shape):
        square = (self.units, self.units)
        # Rectifiers that feed themselves neither fade nor grow without bound from here.
        start = keras.initializers.Identity(0.5)
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        self.forward_kernel = self.add_weight(square, start, name="forward_kernel")
        self.backward_kernel = self.add_weight(square, start, name="backward_kernel")

    def call(self, x, length):
        drive = ops.matmul(x, self.kernel) + self.bias
        drive = ops.where(during(x, length), drive, -1e4)
        both = ops.stack([drive, ops.flip(drive, axis=1)])
        kernels = self.forward_kernel[None], self.backward_kernel[None]
        kernels = ops.concatenate(kernels)

        def step(state, drive):
            state = clipped_relu(drive + ops.matmul(state, kernels))
            return state, state

        both = ops.transpose(both, (2, 0, 1, 3))  # steps first
        _, states = ops.scan(step, ops.zeros_like(both[0]), both)
        states = ops.transpose(states, (1, 2, 0, 3))
        return states[0] + ops.flip(states[1], axis=1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="kerazoo")
class BlankPastTheEnd(layers.Layer):
    """Makes the blank certain past the end of a recording: `call(logits, length)`.

    Blanks at the end change neither the text nor its probability, so that a loss which
    knows no lengths is exact.
    """

    def call(self, logits, length):
        blank = ops.one_hot(0, logits.shape[-1], dtype=logits.dtype)
        return ops.where(during(logits, length), logits, 1e4 * (blank - 1))

    def compute_output_shape(self, input_shape):
        return input_shape


def dense(x, units, dropout, name):
    """A dense layer at every step."""
    x = layers.Dense(units, clipped_relu, name=name)(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)


@architecture(
    title="Deep Speech",
    paper="Hannun, Case, Casper, Catanzaro, Diamos, Elsen, Prenger, Satheesh, "
    "Sengupta, Coates & Ng, 2014, Deep Speech: Scaling up end-to-end speech "
    "recognition",
    year=2014,
    url="arXiv:1412.5567",
    task="speech recognition",
    lectures=["002: DL Today: Speech-to-Text, [Baidu 2014]"],
    dataset="librispeech",
    offline="tone_letters",
    params=47_239_709,
    variants={
        "Switchboard, 300 hours": {
            "config": {"features": 81, "units": 2048}, "params": 28_387_357,
        },
        "Switchboard and Fisher, 2000 hours": {
            "config": {"features": 81, "units": 2304}, "params": 35_474_717,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 1e-4, "momentum": 0.99, "nesterov": True,
                       "global_clipnorm": 400.0},
        },
        "schedule": {"kind": "exponential", "factor": 0.83},
        "loss": "CTC",
        "metrics": [
            {"class_name": "kerazoo>ErrorRate", "config": {"unit": "letter"}},
            {"class_name": "kerazoo>ErrorRate", "config": {"unit": "word"}},
        ],
        "batch_size": 128,
        "epochs": 20,
        "augment": {"noise": [5, 30]},
    },
    published=[
        "word error, Switchboard Hub5'00: SWB 20.0 %, CH 31.8 %, all 25.9 % (300 "
        "hours); 12.6, 19.3 and 16.0 % (2000 hours, ensemble of 4)",
        "word error, own test set: clean 6.56 %, noisy 19.06 %, all 11.85 % (7000 "
        "hours, ensemble of 6)",
    ],
    deviations=[
        "the corpora of the paper cannot be had freely: the default is LibriSpeech",
        "the noise that is laid over the recordings is generated, where the paper has "
        "thousands of hours of it; no speech recorded under noise (Lombard effect)",
        "the paper gives neither learning rate nor annealing factor nor batch size: "
        "those of Deep Speech 2, with its clipping of gradients (Amodei et al., 2016)",
        "batches are sorted by length among eight of them, not over all the data",
        "the recurrences start from half the identity: the paper gives no start",
        "at test time no average over recordings shifted by 5 ms, and no ensemble; a "
        "language model is an argument of `transcribe`",
    ],
    tiny={"features": 21, "context": 3, "units": 48, "dropout": 0.0,
          "alphabet": " abcdefgh"},
    tiny_recipe={
        "optimizer": {"class_name": "Adam",
                      "config": {"learning_rate": 3e-3, "clipnorm": 5.0}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
    },
    learns={"letter_error": 0.05, "word_error": 0.1},
)  # fmt: skip
def deep_speech(
    *, features=161, context=9, units=2560, dropout=0.1,
    alphabet=" abcdefghijklmnopqrstuvwxyz'",
):  # fmt: skip
    """Spectrograms to letters (Hannun et al., 2014).

    Args:
        features: log energies of linearly spaced bands of frequencies, and of the whole
            frame, every 10 ms.
        context: frames on each side that the first layer sees with every frame.
        units: width of layers 1 to 5.
        dropout: share of the units of layers 1, 2, 3 and 5 that is dropped in training.
        alphabet: letters of the transcripts, the space first.

    Returns:
        A compiled `SpeechRecognizer`, a `keras.Model` from `{"spectrogram": (batch,
        frames, features), "length": (batch,)}` to `(batch, frames / 2, 1 + letters)`
        logits of blank and letters, with a method `transcribe`.

    Raises:
        ValueError: `alphabet` does not begin with a space, or repeats a letter.

    Example:
        >>> model = kerazoo.create("deep_speech", tiny=True)
        >>> kerazoo.fit(model, "tone_letters")
        >>> model.transcribe(recording)

    Reference:
        Hannun et al., 2014, sections 2, 3.1 and 5.
    """
    if not alphabet.startswith(" ") or len(set(alphabet)) < len(alphabet):
        raise ValueError(
            "`alphabet` must begin with a space and have no letter twice. Received: "
            f"alphabet={alphabet!r}"
        )
    inputs = {
        "spectrogram": keras.Input((None, features), name="spectrogram"),
        "length": keras.Input((), dtype="int32", name="length"),
    }
    steps = (inputs["length"] + 1) // 2
    x = layers.ZeroPadding1D(context, name="margin")(inputs["spectrogram"])
    # Section 4.2: steps of two frames halve the work.
    x = layers.Conv1D(
        units, 2 * context + 1, strides=2, activation=clipped_relu, name="layer1"
    )(x)  # (T / 2, 2560)
    x = layers.Dropout(dropout, name="layer1_dropout")(x)
    x = dense(x, units, dropout, "layer2")
    x = dense(x, units, dropout, "layer3")
    x = BidirectionalRecurrence(units, name="layer4")(x, steps)  # (T / 2, 2560)
    x = dense(x, units, dropout, "layer5")
    x = layers.Dense(1 + len(alphabet), dtype="float32", name="layer6")(x)
    logits = BlankPastTheEnd(dtype="float32", name="logits")(x, steps)  # (T / 2, 29)
    model = SpeechRecognizer(inputs, logits)
    model.alphabet = alphabet
    return model
