"""Inception v3 (Szegedy, Vanhoucke, Ioffe, Shlens & Wojna, 2016, arXiv:1512.00567).

Large convolutions are factorised: 5x5 into two 3x3, n x n into 1 x n and n x 1. Maps
shrink by strided convolutions and pooling side by side, an auxiliary classifier with
batch normalisation regularises.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import WithAuxiliaryHeads


def conv_bn(x, filters, kernel_size, strides=1, padding="same", name=None):
    """Convolution without bias, batch normalisation, ReLU."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(name=name)(x)


def branch(x, steps, width, name):
    """Convolutions one after another.

    Args:
        x: input of the branch.
        steps: `(filters, kernel_size, strides, padding)` of each convolution, where
            strides 1 and padding "same" may be left out.
        width: multiplier of all filters.
        name: prefix of the layers' names.
    """
    for index, (filters, *rest) in enumerate(steps, start=1):
        x = conv_bn(x, round(filters * width), *rest, name=f"{name}_{index}")
    return x


def average_pool(x, count_include_pad, name):
    """3x3 means; at the border of the valid pixels, or with the zeros around them."""
    if count_include_pad:
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    padding = "valid" if count_include_pad else "same"
    return layers.AveragePooling2D(3, 1, padding, name=name)(x)


def inception_a(x, pool_filters, width, count_include_pad, name):
    """Figure 5: two 3x3 in place of the 5x5 (one 5x5 stays in the authors' code)."""
    pool = average_pool(x, count_include_pad, name=f"{name}_pool")
    branches = [
        branch(x, [(64, 1)], width, f"{name}_1x1"),
        branch(x, [(48, 1), (64, 5)], width, f"{name}_5x5"),
        branch(x, [(64, 1), (96, 3), (96, 3)], width, f"{name}_3x3"),
        branch(pool, [(pool_filters, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def reduction_a(x, width, name):
    """Figure 10: halves the map by strided convolutions beside a pooling."""
    branches = [
        branch(x, [(384, 3, 2, "valid")], width, f"{name}_single"),
        branch(x, [(64, 1), (96, 3), (96, 3, 2, "valid")], width, f"{name}_double"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def inception_b(x, filters, width, count_include_pad, name):
    """Figure 6: 7x7 factorised into 1x7 and 7x1."""
    c = filters
    pool = average_pool(x, count_include_pad, name=f"{name}_pool")
    single = [(c, 1), (c, (1, 7)), (192, (7, 1))]
    double = [(c, 1), (c, (7, 1)), (c, (1, 7)), (c, (7, 1)), (192, (1, 7))]
    branches = [
        branch(x, [(192, 1)], width, f"{name}_1x1"),
        branch(x, single, width, f"{name}_7x7"),
        branch(x, double, width, f"{name}_double"),
        branch(pool, [(192, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def reduction_b(x, width, name):
    """The second reduction, with a factorised 7x7."""
    single = [(192, 1), (320, 3, 2, "valid")]
    double = [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2, "valid")]
    branches = [
        branch(x, single, width, f"{name}_3x3"),
        branch(x, double, width, f"{name}_7x7"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def inception_c(x, width, count_include_pad, name):
    """Figure 7: 1x3 and 3x1 side by side, for high-dimensional features at the end."""
    pool = average_pool(x, count_include_pad, name=f"{name}_pool")
    single = branch(x, [(384, 1)], width, f"{name}_3x3")
    double = branch(x, [(448, 1), (384, 3)], width, f"{name}_double")
    branches = [
        branch(x, [(320, 1)], width, f"{name}_1x1"),
        branch(single, [(384, (1, 3))], width, f"{name}_3x3_wide"),
        branch(single, [(384, (3, 1))], width, f"{name}_3x3_high"),
        branch(double, [(384, (1, 3))], width, f"{name}_double_wide"),
        branch(double, [(384, (3, 1))], width, f"{name}_double_high"),
        branch(pool, [(192, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def stem(x, width, pool=True):
    """Table 1, down to the first Inception block or the pooling in front of it."""
    x = branch(x, [(32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3)], width, "stem")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 73x73x64
    x = branch(x, [(80, 1, 1, "valid"), (192, 3, 1, "valid")], width, "stem2")
    if pool:
        x = layers.MaxPooling2D(3, 2, name="pool2")(x)  # 35x35x192
    return x


def auxiliary_head(x, classes, classifier_activation, width):
    """Figure 8: a small classifier on top of the last 17x17 map."""
    if any(size is not None and size < 17 for size in x.shape[1:3]):
        raise ValueError(
            "`aux_head=True` needs an `input_shape` of at least 299x299: its 5x5 "
            f"convolution does not fit on a map of {x.shape[1]}x{x.shape[2]}."
        )
    x = layers.AveragePooling2D(5, 3, name="aux_pool")(x)  # 5x5x768
    x = branch(x, [(128, 1)], width, "aux_projection")
    x = branch(x, [(768, 5, 1, "valid")], width, "aux")  # 1x1x768
    x = layers.GlobalAveragePooling2D(name="aux_avg_pool")(x)
    return layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="aux_fc"
    )(x)


def trunk(x, width, blocks, count_include_pad):
    """Table 1 without the classifier: the last 17x17 map and the last map."""
    check_entries("blocks", blocks, 3)
    a, b, c = blocks
    if not (0 <= a <= 3 and 0 <= b <= 4 and 0 <= c <= 2):
        raise ValueError(
            "`blocks` must be from (0, 0, 0) to (3, 4, 2), the network's. "
            f"Received: blocks={tuple(blocks)}"
        )
    x = stem(x, width)
    for letter, pool_filters in list(zip("bcd", (32, 64, 64), strict=True))[:a]:
        # 35x35x256, 35x35x288, 35x35x288
        x = inception_a(x, pool_filters, width, count_include_pad, f"mixed5{letter}")
    x = reduction_a(x, width, "mixed6a")  # 17x17x768
    for letter, filters in list(zip("bcde", (128, 160, 160, 192), strict=True))[:b]:
        x = inception_b(x, filters, width, count_include_pad, f"mixed6{letter}")
    middle = x  # 17x17x768
    x = reduction_b(x, width, "mixed7a")  # 8x8x1280
    for letter in "bc"[:c]:
        x = inception_c(x, width, count_include_pad, f"mixed7{letter}")  # 8x8x2048
    return middle, x


@architecture(
    title="Inception v3",
    paper="Szegedy, Vanhoucke, Ioffe, Shlens & Wojna, 2016, Rethinking the Inception "
    "architecture for computer vision, CVPR",
    year=2016,
    url="arXiv:1512.00567",
    task="image classification",
    lectures=[
        "000: Canziani et al. (2016)",
        "002: Stanford 2017",
        "004: Canziani et al. (2016)",
    ],
    dataset="imagenet2012",
    offline="digits",
    params=23_834_568,
    non_trainable=34_432,
    macs=5_713_216_096,
    variants={
        "auxiliary head": {"config": {"aux_head": True}, "params": 27_161_264},
    },
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 0.045,
                "rho": 0.9,
                "epsilon": 1.0,
                "global_clipnorm": 2.0,
            },
        },
        "schedule": {"kind": "exponential", "factor": 0.94, "every": 2},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 32,
        "epochs": 100,
        "augment": {"random_resized_crop": [0.05, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "ImageNet val top-1/top-5 error 21.2/5.6 %, single crop (Table 3)",
        "ImageNet val top-1/top-5 error 18.77/4.2 %, 144 crops (Table 4)",
        "ImageNet val top-1/top-5 error 17.2/3.58 %, 4 models, 144 crops (Table 5)",
    ],
    deviations=[
        "the paper's text and figures leave filters open; they are those of the "
        "authors' code",
        "one replica with batch 32; the paper trains 50 asynchronously",
        "no label smoothing, no moving average of the weights, no colour distortion",
        "the auxiliary head is an option; without it nothing but training changes",
    ],
    tiny={"input_shape": (75, 75, 3), "classes": 10, "blocks": (1, 1, 1),
          "width": 0.1, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 16,
        "augment": {"pad_crop": 4},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["torchvision", "keras.applications"],
)  # fmt: skip
def inception_v3(
    *, input_shape=(299, 299, 3), classes=1000, include_top=True,
    classifier_activation="softmax", aux_head=False, count_include_pad=False,
    dropout=0.2, blocks=(3, 4, 2), width=1.0,
):  # fmt: skip
    """Inception v3 (Szegedy et al., 2016).

    Args:
        input_shape: height, width and channels of an image, at least 75x75.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        aux_head: whether a second classifier helps in training, its loss weighted by
            0.4; inference does not run it. Needs images of at least 299x299.
        count_include_pad: whether the average pools inside the blocks count the zeros
            around the map, as in torchvision, or the map's pixels only, as in the
            authors' code and keras.applications.
        dropout: share dropped in front of the classifier; torchvision takes 0.5.
        blocks: Inception blocks on the maps of 35x35, 17x17 and 8x8, at most
            `(3, 4, 2)`.
        width: multiplier of all filters.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: too many `blocks`, or an auxiliary head without a top or on small
            images.

    Example:
        >>> model = kerazoo.inception_v3(input_shape=(75, 75, 3), classes=10)

    Reference:
        arXiv:1512.00567, Table 1.
    """
    inputs = keras.Input(input_shape)
    middle, x = trunk(inputs, width, blocks, count_include_pad)
    if not include_top:
        if aux_head:
            raise ValueError("`aux_head=True` needs `include_top=True`.")
        return keras.Model(inputs, x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="fc"
    )(x)
    if aux_head:
        head = auxiliary_head(middle, classes, classifier_activation, width)
        return WithAuxiliaryHeads(inputs, x, [head], weight=0.4)
    return keras.Model(inputs, x)
