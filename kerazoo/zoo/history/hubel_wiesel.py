"""Simple and complex cells of the visual cortex (Hubel & Wiesel, 1959, 1962).

Cells that answer to bars and edges of one orientation: simple ones at one place,
complex ones wherever the bar stands in their field. The papers are physiology without
equations; this is the model that became standard: Gabor filters in pairs a quarter of
a period apart, whose energy does not depend on place (Adelson & Bergen, 1985). Nothing
is trained.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@keras.saving.register_keras_serializable(package="kerazoo")
class GaborBank(keras.initializers.Initializer):
    """Kernels for every frequency, orientation and two phases, in this order.

    A cosine grating under a Gaussian window of about one octave, without mean and of
    unit length: `exp(-(u^2 + v^2/4) / (2 sigma^2)) cos(2 pi f u + phase)`, where u runs
    across the bars and v along them, and sigma = 0.56/f.

    Args:
        orientations: number of orientations, in equal steps over half a turn.
        frequencies: periods per pixel.
    """

    def __init__(self, orientations, frequencies):
        self.orientations, self.frequencies = orientations, list(frequencies)

    def __call__(self, shape, dtype=None):
        height, width, channels, _ = shape
        y = ops.reshape(ops.arange(height, dtype=dtype) - (height - 1) / 2, (-1, 1))
        x = ops.reshape(ops.arange(width, dtype=dtype) - (width - 1) / 2, (1, -1))
        kernels = []
        for frequency in self.frequencies:
            sigma = 0.56 / frequency
            for k in range(self.orientations):
                theta = math.pi * k / self.orientations
                u = x * math.cos(theta) + y * math.sin(theta)
                v = -x * math.sin(theta) + y * math.cos(theta)
                window = ops.exp(-(u**2 + v**2 / 4) / (2 * sigma**2))
                for phase in (0.0, math.pi / 2):
                    gabor = window * ops.cos(2 * math.pi * frequency * u + phase)
                    gabor = gabor - ops.mean(gabor)
                    kernels.append(gabor / ops.sqrt(ops.sum(gabor**2)))
        # Of several channels the cells see the mean.
        bank = ops.stack(kernels, axis=-1)[:, :, None, :] / channels
        return ops.cast(ops.repeat(bank, channels, axis=2), dtype)

    def get_config(self):
        return {"orientations": self.orientations, "frequencies": self.frequencies}


def cortex(inputs, cells, orientations, frequencies, kernel_size):
    """Cells of one kind, one map for each frequency and orientation (and phase)."""
    if cells not in ("simple", "complex", "pooled"):
        raise ValueError(
            "`cells` must be 'simple', 'complex' or 'pooled'. "
            f"Received: cells={cells!r}"
        )
    if isinstance(frequencies, int | float):
        raise TypeError(
            "`frequencies` must be a tuple of numbers of periods per pixel. "
            f"Received: frequencies={frequencies}"
        )
    pairs = orientations * len(frequencies)
    x = layers.Conv2D(
        2 * pairs,
        kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer=GaborBank(orientations, frequencies),
        trainable=False,
        name="gabor",
    )(inputs)  # 64x64x16
    height, width = x.shape[1:3]
    x = layers.Reshape((height, width, pairs, 2), name="quadrature_pairs")(x)
    if cells == "complex":
        # The constant keeps the root's derivative finite where nothing is seen.
        return ops.sqrt(ops.sum(ops.square(x), axis=-1) + 1e-8)  # 64x64x8
    x = ops.relu(ops.concatenate([x, -x], axis=-1))  # phases 0, 90, 180, 270 degrees
    x = layers.Reshape((height, width, 4 * pairs), name="simple_cells")(x)
    if cells == "simple":
        return x  # 64x64x32
    x = layers.MaxPooling2D(5, 2, "same", name="complex_cells")(x)
    x = layers.Reshape((*x.shape[1:3], pairs, 4), name="phases")(x)
    return ops.max(x, axis=-1)  # 32x32x8


@architecture(
    title="Simple and complex cells",
    paper="Hubel & Wiesel, 1959, Receptive fields of single neurones in the cat's "
    "striate cortex, Journal of Physiology 148:574-591; 1962, 160:106-154; the model "
    "is Adelson & Bergen, 1985, Journal of the Optical Society of America A 2:284-299",
    year=1959,
    url="doi:10.1113/jphysiol.1959.sp006308",
    task="orientation analysis",
    lectures=["004: Hubel and Wiesel, orientation selectivity (1959)"],
    dataset="gratings",
    offline="gratings",
    params=0,
    non_trainable=7_056,
    macs=28_901_376,
    variants={
        "simple": {"config": {"cells": "simple"}, "params": 0},
        "pooled": {"config": {"cells": "pooled"}, "params": 0},
        "3 octaves": {
            "config": {"frequencies": (0.25, 0.125, 0.0625)},
            "params": 0,
        },
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.01}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 1,
    },
    deviations=[
        "the papers have no equations: Gabor filters, energies and their sizes are the "
        "later standard model; complex cells are of the 1962 paper",
    ],
    tiny={"input_shape": (32, 32, 1), "readout": True},
    learns={"accuracy": 1.0},
)
def hubel_wiesel(
    *,
    input_shape=(64, 64, 1),
    cells="complex",
    orientations=8,
    frequencies=(0.125,),
    kernel_size=21,
    readout=False,
):
    """Oriented simple and complex cells, as fixed Gabor filters (Hubel & Wiesel).

    Args:
        input_shape: height, width and channels of an image.
        cells: `"simple"`: half-rectified filters, four phases at every orientation;
            `"complex"`: energy of two phases; `"pooled"`: the greatest simple cell of
            an orientation in 5x5 places, at every second place, as proposed in 1962.
        orientations: number of orientations, in equal steps over half a turn.
        frequencies: periods per pixel to which cells are tuned.
        kernel_size: height and width of a receptive field; below 1/8 period per pixel
            the default cuts the Gaussian window off.
        readout: whether to end with the share of every map in the activity of all,
            which names the orientation of a grating without training.

    Returns:
        A compiled `keras.Model` without trainable weights, `(batch, *input_shape)` of
        mean zero to `(batch, height, width, maps)`, or `(batch, maps)` with `readout`.

    Raises:
        ValueError: an unknown kind of `cells`.
        TypeError: `frequencies` is a single number.

    Example:
        >>> cells = kerazoo.hubel_wiesel(cells="simple")

    Reference:
        doi:10.1113/jphysiol.1959.sp006308; doi:10.1113/jphysiol.1962.sp006837;
        doi:10.1364/JOSAA.2.000284.
    """
    inputs = keras.Input(input_shape)
    x = cortex(inputs, cells, orientations, frequencies, kernel_size)
    if readout:
        x = layers.GlobalAveragePooling2D(dtype="float32", name="activity")(x)
        # Where nothing is seen, no cell answers.
        x = x / ops.maximum(ops.sum(x, axis=-1, keepdims=True), 1e-7)
    return keras.Model(inputs, x)


@architecture(
    variant_of="hubel_wiesel",
    title="Texture classifier on complex cells",
    params=72,
    non_trainable=7_056,
    macs=28_901_440,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 10,
    },
    deviations=["a linear classifier is no part of the papers"],
    tiny={"input_shape": (32, 32, 1)},
)
def hubel_wiesel_classifier(
    *,
    input_shape=(64, 64, 1),
    classes=8,
    cells="complex",
    orientations=8,
    frequencies=(0.125,),
    kernel_size=21,
    classifier_activation="softmax",
):
    """A linear classifier on the mean activity of fixed oriented cells.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        cells: kind of cells, as in `hubel_wiesel`.
        orientations: number of orientations, in equal steps over half a turn.
        frequencies: periods per pixel to which cells are tuned.
        kernel_size: height and width of a receptive field.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` of mean zero to
        `(batch, classes)`; only the classifier is trained.

    Example:
        >>> model = kerazoo.hubel_wiesel_classifier()
        >>> kerazoo.fit(model, epochs=2)

    Reference:
        As `hubel_wiesel`.
    """
    inputs = keras.Input(input_shape)
    x = cortex(inputs, cells, orientations, frequencies, kernel_size)
    x = layers.GlobalAveragePooling2D(name="activity")(x)
    x = layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="output"
    )(x)
    return keras.Model(inputs, x)
