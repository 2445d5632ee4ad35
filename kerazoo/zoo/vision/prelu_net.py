"""PReLU-net (He, Zhang, Ren & Sun, 2015, arXiv:1502.01852).

ReLU learns its slope for negative inputs, one per channel, and the initial weights are
scaled for rectifiers, N(0, 2/n): the first networks to beat the human error reported on
ImageNet. VGG's uniform stages, with spatial pyramid pooling (He et al., 2014) in front
of the dense layers.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries

ACTIVATIONS = ("prelu", "prelu_shared", "relu")


def he_normal(activation):
    """Section 2.2, N(0, 2 / ((1 + a^2) n)): the slope a is 0.25 at first, of ReLU 0."""
    slope = 0.0 if activation == "relu" else 0.25
    return keras.initializers.VarianceScaling(
        2 / (1 + slope**2), "fan_in", "untruncated_normal"
    )


def rectify(x, activation, name):
    """Section 2.1: a learned slope, 0.25 at first, for each channel or for a layer."""
    if activation == "relu":
        return layers.ReLU(name=name)(x)
    shared = list(range(1, len(x.shape)))
    if activation == "prelu":
        del shared[-1]
    return layers.PReLU(
        keras.initializers.Constant(0.25), shared_axes=shared or None, name=name
    )(x)


def conv(x, filters, kernel_size, strides, activation, name):
    """Convolution with symmetric padding, then PReLU."""
    if strides > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same" if strides == 1 else "valid",
        kernel_initializer=he_normal(activation),
        name=name,
    )(x)
    return rectify(x, activation, f"{name}_prelu")


def slides(size, n):
    """Whether windows ceil(size / n) wide and floor(size / n) apart are n."""
    return size >= n and (size - math.ceil(size / n)) // (size // n) + 1 == n


def borders(size, n):
    """First place of each of n cells, and the first behind it."""
    return [(k * size // n, math.ceil((k + 1) * size / n)) for k in range(n)]


def spatial_pyramid_pooling(x, bins, name="spp"):
    """Maximum over each cell of several n x n grids, whatever the size of the map.

    Cells of a grid are ceil(size / n) wide and floor(size / n) apart (He et al., 2014,
    section 2.3). Where these would not be n x n cells, as of a map of 10x10 for 7x7,
    the i-th reaches from floor(i size / n) to ceil((i + 1) size / n), as in that
    paper's appendix.
    """
    height, width = x.shape[1:3]
    pooled = []
    for n in bins:
        if slides(height, n) and slides(width, n):
            cells = layers.MaxPooling2D(
                (math.ceil(height / n), math.ceil(width / n)),
                (height // n, width // n),
                name=f"{name}_{n}x{n}",
            )(x)
        else:
            rows = [x[:, a:b] for a, b in borders(height, n)]
            rows = [ops.max(row, axis=1, keepdims=True) for row in rows]
            cells = ops.concatenate(rows, axis=1)
            columns = [cells[:, :, a:b] for a, b in borders(width, n)]
            columns = [ops.max(column, axis=2, keepdims=True) for column in columns]
            cells = ops.concatenate(columns, axis=2)
        pooled.append(layers.Flatten(name=f"{name}_{n}x{n}_flatten")(cells))
    return layers.Concatenate(name=name)(pooled)


def prelu_net(
    n, input_shape, classes, include_top, classifier_activation, filters, units,
    dropout, bins, activation,
):  # fmt: skip
    """Table 3: three stages of `n` convolutions."""
    check_entries("input_shape", input_shape, 3)
    check_entries("filters", filters, 4)
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"`activation` must be one of {ACTIVATIONS}. "
            f"Received: activation={activation!r}"
        )
    if include_top and None in input_shape[:2]:
        raise ValueError(
            "`include_top=True` needs images of one size. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    if include_top and not bins:
        raise ValueError(f"`bins` must not be empty. Received: bins={bins!r}")
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters[0], 7, 2, activation, "conv1")  # 112x112x96
    for stage, channels in enumerate(filters[1:], 2):  # 56x56, 28x28, 14x14
        x = layers.MaxPooling2D(2, name=f"pool{stage - 1}")(x)
        for i in range(n):
            x = conv(x, channels, 3, 1, activation, f"conv{stage}_{i + 1}")
    if include_top:
        x = spatial_pyramid_pooling(x, bins)  # 63 x channels
        for name in ("fc1", "fc2"):
            init = he_normal(activation)
            x = layers.Dense(units, kernel_initializer=init, name=name)(x)
            x = rectify(x, activation, f"{name}_prelu")
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc3"
        )(x)
    return keras.Model(inputs, x)


@architecture(
    title="PReLU-net C",
    paper="He, Zhang, Ren & Sun, 2015, Delving deep into rectifiers: surpassing "
    "human-level performance on ImageNet classification, ICCV",
    year=2015,
    url="arXiv:1502.01852",
    task="image classification",
    lectures=["004: ILSVRC tables"],
    dataset="imagenet2012",
    offline="digits",
    params=330_623_944,
    macs=53_463_130_112,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [40, 60], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 80,
        "augment": {"random_resized_crop": [0.19, 0.77], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet val top-1/top-5 error 21.59/5.71 %, one network, multi-scale",
        "ImageNet test top-5 error 4.94 %, 6 networks",
    ],
    deviations=[
        "channels are standardised; the paper subtracts the mean image",
        "hidden dense layers start from the same Gaussian as the convolutions, which "
        "the paper does not tell",
        "random resized crops of the area that the paper's scale jitter [256, 512] "
        "gives; no colour changes",
        "the learning rate drops at epochs 40 and 60, where the paper waits for "
        "plateaus",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10, "n": 2,
          "filters": (8, 16, 24, 32), "units": 64, "bins": (4, 3, 2, 1),
          "dropout": 0.2},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def prelu_net_c(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", n=6, filters=(96, 384, 768, 896), units=4096,
    dropout=0.5, bins=(7, 3, 2, 1), activation="prelu",
):  # fmt: skip
    """PReLU-net C (He et al., 2015): 22 layers, the widest.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with spatial pyramid pooling and the three dense
            layers; else the model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        n: convolutions in each of the three stages.
        filters: channels of the first convolution and of the three stages.
        units: width of the two hidden dense layers.
        dropout: rate after the two hidden dense layers.
        bins: grids of the spatial pyramid; 7 stands for 7x7 cells.
        activation: `"prelu"` with a slope for each channel, `"prelu_shared"` with one
            for each layer, or `"relu"`, with which the paper compares.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `activation`, not four `filters`, no `bins`, or images
            of no fixed size.

    Example:
        >>> model = kerazoo.prelu_net_c(n=2, filters=(8, 16, 24, 32), units=64)

    Reference:
        arXiv:1502.01852, Table 3.
    """
    return prelu_net(
        n, input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, bins, activation,
    )  # fmt: skip


@architecture(
    variant_of="prelu_net_c",
    title="PReLU-net A",
    params=178_032_072,
    macs=19_058_106_368,
    variants={
        "shared slopes": {
            "config": {"activation": "prelu_shared"},
            "params": 178_017_402,
        },
        "ReLU": {"config": {"activation": "relu"}, "params": 178_017_384},
    },
    published=[
        "ImageNet val top-1/top-5 error 22.97/6.28 %, with ReLU 24.02/6.51 %, one "
        "network, multi-scale",
    ],
)
def prelu_net_a(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", n=5, filters=(96, 256, 512, 512), units=4096,
    dropout=0.5, bins=(7, 3, 2, 1), activation="prelu",
):  # fmt: skip
    """PReLU-net A (He et al., 2015): 19 layers. Keywords, returns as `prelu_net_c`."""
    return prelu_net(
        n, input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, bins, activation,
    )  # fmt: skip


@architecture(
    variant_of="prelu_net_c",
    title="PReLU-net B",
    params=183_343_048,
    macs=23_219_904_512,
    published=[
        "ImageNet val top-1/top-5 error 22.85/6.27 %, one network, multi-scale",
    ],
)
def prelu_net_b(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", n=6, filters=(96, 256, 512, 512), units=4096,
    dropout=0.5, bins=(7, 3, 2, 1), activation="prelu",
):  # fmt: skip
    """PReLU-net B (He et al., 2015): 22 layers. Keywords, returns as `prelu_net_c`."""
    return prelu_net(
        n, input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, bins, activation,
    )  # fmt: skip
