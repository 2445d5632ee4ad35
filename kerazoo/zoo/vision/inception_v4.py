"""Inception v4 (Szegedy, Ioffe, Vanhoucke & Alemi, 2017, arXiv:1602.07261).

Inception v3 without its historical constraints: uniform blocks, more of them, and a
stem that branches itself.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.inception_v3 import branch


def stem(x, width):
    """Figure 3."""
    x = branch(x, [(32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3)], width, "stem")
    branches = [  # 147x147x64
        layers.MaxPooling2D(3, 2, name="mixed3a_pool")(x),
        branch(x, [(96, 3, 2, "valid")], width, "mixed3a_conv"),
    ]
    x = layers.Concatenate(name="mixed3a")(branches)  # 73x73x160
    long = [(64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3, 1, "valid")]
    branches = [
        branch(x, [(64, 1), (96, 3, 1, "valid")], width, "mixed4a_3x3"),
        branch(x, long, width, "mixed4a_7x7"),
    ]
    x = layers.Concatenate(name="mixed4a")(branches)  # 71x71x192
    branches = [
        branch(x, [(192, 3, 2, "valid")], width, "mixed5a_conv"),
        layers.MaxPooling2D(3, 2, name="mixed5a_pool")(x),
    ]
    return layers.Concatenate(name="mixed5a")(branches)  # 35x35x384


def average_pool(x, name):
    """3x3 means, at the border of the valid pixels only."""
    return layers.AveragePooling2D(3, 1, "same", name=f"{name}_pool")(x)


def inception_a(x, width, name):
    """Figure 4, on the 35x35 map."""
    pool = average_pool(x, name)
    branches = [
        branch(x, [(96, 1)], width, f"{name}_1x1"),
        branch(x, [(64, 1), (96, 3)], width, f"{name}_3x3"),
        branch(x, [(64, 1), (96, 3), (96, 3)], width, f"{name}_double"),
        branch(pool, [(96, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def reduction_a(x, width, name):
    """Figure 7 with k, l, m, n = 192, 224, 256, 384 (Table 1)."""
    branches = [
        branch(x, [(384, 3, 2, "valid")], width, f"{name}_single"),
        branch(x, [(192, 1), (224, 3), (256, 3, 2, "valid")], width, f"{name}_double"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def inception_b(x, width, name):
    """Figure 5, on the 17x17 map."""
    pool = average_pool(x, name)
    single = [(192, 1), (224, (1, 7)), (256, (7, 1))]
    double = [(192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))]
    branches = [
        branch(x, [(384, 1)], width, f"{name}_1x1"),
        branch(x, single, width, f"{name}_7x7"),
        branch(x, double, width, f"{name}_double"),
        branch(pool, [(128, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def reduction_b(x, width, name):
    """Figure 8."""
    wide = [(256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2, "valid")]
    branches = [
        branch(x, [(192, 1), (192, 3, 2, "valid")], width, f"{name}_3x3"),
        branch(x, wide, width, f"{name}_7x7"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def inception_c(x, width, name):
    """Figure 6, on the 8x8 map."""
    pool = average_pool(x, name)
    single = branch(x, [(384, 1)], width, f"{name}_3x3")
    double = [(384, 1), (448, (3, 1)), (512, (1, 3))]
    double = branch(x, double, width, f"{name}_double")
    branches = [
        branch(x, [(256, 1)], width, f"{name}_1x1"),
        branch(single, [(256, (1, 3))], width, f"{name}_3x3_wide"),
        branch(single, [(256, (3, 1))], width, f"{name}_3x3_high"),
        branch(double, [(256, (1, 3))], width, f"{name}_double_wide"),
        branch(double, [(256, (3, 1))], width, f"{name}_double_high"),
        branch(pool, [(256, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


@architecture(
    title="Inception v4",
    paper="Szegedy, Ioffe, Vanhoucke & Alemi, 2017, Inception-v4, Inception-ResNet and "
    "the impact of residual connections on learning, AAAI",
    year=2017,
    url="arXiv:1602.07261",
    task="image classification",
    lectures=["000: Canziani et al. (2016)", "004: Canziani et al. (2016)"],
    dataset="imagenet2012",
    offline="digits",
    params=42_679_816,
    non_trainable=63_168,
    macs=12_253_974_624,
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {"learning_rate": 0.045, "rho": 0.9, "epsilon": 1.0},
        },
        "schedule": {"kind": "exponential", "factor": 0.94, "every": 2},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 32,
        "epochs": 160,
        "augment": {"random_resized_crop": [0.05, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "ImageNet val top-1/top-5 error 20.0/5.0 %, single crop (Table 2)",
        "ImageNet val top-1/top-5 error 17.7/3.8 %, 144 crops (Table 4)",
    ],
    deviations=[
        "one replica, where the paper trains 20 at once; batch size and number of "
        "epochs are not in the paper",
        "no moving average of the weights, no label smoothing, no colour distortion",
    ],
    tiny={"input_shape": (75, 75, 3), "classes": 10, "blocks": (1, 1, 1),
          "width": 0.1, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
        "augment": {"pad_crop": 3},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["timm"],
)  # fmt: skip
def inception_v4(
    *, input_shape=(299, 299, 3), classes=1000, include_top=True,
    classifier_activation="softmax", dropout=0.2, blocks=(4, 7, 3), width=1.0,
):  # fmt: skip
    """Inception v4 (Szegedy et al., 2017).

    Args:
        input_shape: height, width and channels of an image, at least 75x75.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        dropout: share dropped in front of the classifier.
        blocks: Inception blocks on the maps of 35x35, 17x17 and 8x8.
        width: multiplier of all filters.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.inception_v4(input_shape=(75, 75, 3), blocks=(1, 1, 1))

    Reference:
        arXiv:1602.07261, Figure 9.
    """
    inputs = keras.Input(input_shape)
    x = stem(inputs, width)
    for index in range(1, blocks[0] + 1):
        x = inception_a(x, width, name=f"inception_a{index}")  # 35x35x384
    x = reduction_a(x, width, name="reduction_a")  # 17x17x1024
    for index in range(1, blocks[1] + 1):
        x = inception_b(x, width, name=f"inception_b{index}")  # 17x17x1024
    x = reduction_b(x, width, name="reduction_b")  # 8x8x1536
    for index in range(1, blocks[2] + 1):
        x = inception_c(x, width, name=f"inception_c{index}")  # 8x8x1536
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
