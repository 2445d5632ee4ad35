"""VGG (Simonyan & Zisserman, 2015, arXiv:1409.1556).

Depth by repetition: nothing but 3x3 convolutions and 2x2 pooling, 11 to 19 layers with
weights. Second at ILSVRC 2014, and ever since the feature extractor of detection,
segmentation and style transfer.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import LocalResponseNormalization

# Table 1: kernel sizes of the convolutions in each of the five stages.
CONFIGURATIONS = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}


def conv(x, filters, kernel_size, batch_norm, name):
    """Convolution and ReLU, in the later fashion with batch normalisation between."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        activation=None if batch_norm else "relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
    return x


def vgg(
    configuration, input_shape, classes, include_top, classifier_activation, filters,
    units, dropout, batch_norm=False, lrn=False,
):  # fmt: skip
    """One column of Table 1."""
    check_entries("filters", filters, 5)
    inputs = x = keras.Input(input_shape)  # 224x224x3
    for i, kernel_sizes in enumerate(CONFIGURATIONS[configuration]):
        for j, kernel_size in enumerate(kernel_sizes):
            x = conv(x, filters[i], kernel_size, batch_norm, f"conv{i + 1}_{j + 1}")
            if lrn and i == 0:
                x = LocalResponseNormalization(name="norm1")(x)
        x = layers.MaxPooling2D(2, name=f"pool{i + 1}")(x)
        # 112x112x64, 56x56x128, 28x28x256, 14x14x512, 7x7x512
    if include_top:
        x = layers.Flatten(name="flatten")(x)  # 25088
        for name in ("fc6", "fc7"):
            x = layers.Dense(
                units, activation="relu", kernel_initializer="he_normal", name=name
            )(x)
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc8"
        )(x)
    return keras.Model(inputs, x)


@architecture(
    title="VGG-16",
    paper="Simonyan & Zisserman, 2015, Very deep convolutional networks for "
    "large-scale image recognition, ICLR",
    year=2015,
    url="arXiv:1409.1556",
    task="image classification",
    lectures=[
        "000: AI and Compute, Canziani et al. (2016)",
        "004: ILSVRC tables, Canziani et al. (2016)",
    ],
    dataset="imagenet2012",
    offline="digits",
    params=138_357_544,
    macs=15_470_264_320,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [25, 50, 65], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 256,
        "epochs": 74,
        "augment": {"random_resized_crop": [0.19, 0.77], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet val top-1/top-5 error 25.6/8.1 %, one scale (configuration D, "
        "Table 3)",
        "ImageNet val top-1/top-5 error 24.4/7.2 %, multi-crop and dense (Table 5)",
    ],
    deviations=[
        "channels are standardised as for the public weights; the paper subtracts the "
        "mean colour only",
        "weights start from He's initialisation, from which every depth trains; the "
        "paper starts A from a Gaussian and the deeper networks from A",
        "random resized crops of the area that the paper's scale jitter [256, 512] "
        "gives; no colour shift",
        "the learning rate drops at epochs 25, 50, 65, where the paper waits for "
        "plateaus",
        "weight decay spares the biases",
        "evaluation looks at one centre crop; the paper slides the network over the "
        "whole image",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10,
          "filters": (8, 16, 24, 32, 32), "units": 64, "dropout": 0.2},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
    weights=["torchvision", "keras.applications"],
)  # fmt: skip
def vgg16(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-16, configuration D (Simonyan & Zisserman, 2015).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with the three dense layers; else the model gives
            the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        filters: channels of the five stages.
        units: width of the two hidden dense layers.
        dropout: rate after the two hidden dense layers.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.vgg16(input_shape=(32, 32, 3), classes=10, units=512)
        >>> features = keras.Model(model.input, model.get_layer("conv4_3").output)

    Reference:
        arXiv:1409.1556, Table 1.
    """
    return vgg(
        "D", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-11",
    params=132_863_336,
    macs=7_609_090_048,
    published=["ImageNet val top-1/top-5 error 29.6/10.4 %, one scale (Table 3)"],
    weights=["torchvision"],
)
def vgg11(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-11, configuration A (Simonyan & Zisserman, 2015).

    Keywords and returns as `vgg16`.
    """
    return vgg(
        "A", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-11 with local response normalisation",
    params=132_863_336,
    macs=7_609_090_048,
    published=["ImageNet val top-1/top-5 error 29.7/10.5 %, one scale (Table 3)"],
    weights=[],
)
def vgg11_lrn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-11 with LRN, configuration A-LRN.

    Keywords and returns as `vgg16`.
    """
    return vgg(
        "A", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, lrn=True,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-13",
    params=133_047_848,
    macs=11_308_466_176,
    published=["ImageNet val top-1/top-5 error 28.7/9.9 %, one scale (Table 3)"],
    weights=["torchvision"],
)
def vgg13(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-13, configuration B (Simonyan & Zisserman, 2015).

    Keywords and returns as `vgg16`.
    """
    return vgg(
        "B", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-16 with 1x1 convolutions",
    params=133_638_952,
    macs=11_770_888_192,
    published=["ImageNet val top-1/top-5 error 27.3/8.8 %, one scale (Table 3)"],
    learns={"accuracy": 0.955},
    weights=[],
)
def vgg16_c(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-16 with 1x1 convolutions, configuration C.

    Keywords and returns as `vgg16`.
    """
    return vgg(
        "C", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-19",
    params=143_667_240,
    macs=19_632_062_464,
    published=[
        "ImageNet val top-1/top-5 error 25.5/8.0 %, one scale (Table 3)",
        "ImageNet val top-1/top-5 error 24.4/7.1 %, multi-crop and dense (Table 5)",
    ],
)
def vgg19(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-19, configuration E (Simonyan & Zisserman, 2015).

    Keywords and returns as `vgg16`.
    """
    return vgg(
        "E", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-11 with batch normalisation",
    params=132_868_840,
    non_trainable=5_504,
    macs=7_609_090_048,
    weights=["torchvision"],
)
def vgg11_bn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-11 with batch normalisation.

    Not in the paper; torchvision's. Keywords and returns as `vgg16`.
    """
    return vgg(
        "A", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=True,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-13 with batch normalisation",
    params=133_053_736,
    non_trainable=5_888,
    macs=11_308_466_176,
    weights=["torchvision"],
)
def vgg13_bn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-13 with batch normalisation.

    Not in the paper; torchvision's. Keywords and returns as `vgg16`.
    """
    return vgg(
        "B", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=True,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-16 with batch normalisation",
    params=138_365_992,
    non_trainable=8_448,
    macs=15_470_264_320,
    weights=["torchvision"],
)
def vgg16_bn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-16 with batch normalisation.

    Not in the paper; torchvision's. Keywords and returns as `vgg16`.
    """
    return vgg(
        "D", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=True,
    )  # fmt: skip


@architecture(
    variant_of="vgg16",
    title="VGG-19 with batch normalisation",
    params=143_678_248,
    non_trainable=11_008,
    macs=19_632_062_464,
    weights=["torchvision"],
)
def vgg19_bn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 128, 256, 512, 512), units=4096,
    dropout=0.5,
):  # fmt: skip
    """VGG-19 with batch normalisation.

    Not in the paper; torchvision's. Keywords and returns as `vgg16`.
    """
    return vgg(
        "E", input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=True,
    )  # fmt: skip
