"""U-Net (Ronneberger, Fischer & Brox, 2015).

A network that gives every pixel its class, drawn as a U: convolutions and poolings down
to what is in the image, then as many steps up again to where it is. New are the skips:
each step up sees the map of its level on the way down, cropped to its size, and has as
many channels as that one. It learns from a few dozen annotated images.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.layers import SegmentationModel


def conv(x, filters, padding, use_bias, normalized, name):
    """A 3x3 convolution and ReLU; where asked for, a normalisation in between."""
    x = layers.Conv2D(
        filters,
        3,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if normalized:
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def level(x, filters, padding, use_bias, normalized, name):
    """Two convolutions: one step of either side of the U."""
    x = conv(x, filters, padding, use_bias, normalized, f"{name}_conv1")
    return conv(x, filters, padding, use_bias, normalized, f"{name}_conv2")


def joined(skip, x, name):
    """The map of the way down, its middle, beside that of the way up."""
    margins = [
        ((a - b) // 2, (a - b + 1) // 2)
        for a, b in zip(skip.shape[1:3], x.shape[1:3], strict=True)
    ]
    if margins != [(0, 0), (0, 0)]:
        skip = layers.Cropping2D(margins, name=f"{name}_crop")(skip)
    return layers.Concatenate(name=f"{name}_concat")([skip, x])


def is_possible(extent, depth, padding):
    """Whether every pooling halves an even number, and something is left in the end."""
    lost = 4 if padding == "valid" else 0  # by the two convolutions of a level
    for _ in range(depth):
        extent -= lost
        if extent % 2:
            return False
        extent //= 2
    extent -= lost
    return extent * 2**depth - lost * (2**depth - 1) > 0 and extent > 0


def check_extents(extents, depth, padding):
    """Refuses images that the poolings do not divide."""
    for extent in extents:
        if not is_possible(extent, depth, padding):
            more = extent + 1
            while not is_possible(more, depth, padding):
                more += 1
            raise ValueError(
                f"`input_shape`: with padding {padding!r} and {depth} poolings the "
                f"next possible extent is {more}. Received: {extent}"
            )


def u_net(
    inputs, filters, depth, padding, dropout=0.0, use_bias=True, normalized=False
):  # fmt: skip
    """Figure 1 without its last layer."""
    check_extents(inputs.shape[1:3], depth, padding)
    settings = padding, use_bias, normalized
    x, skips = inputs, []
    for k in range(depth + 1):
        x = level(x, filters * 2**k, *settings, f"down{k + 1}")  # 568, 280, ... 28
        if dropout and k >= depth - 1:
            x = layers.Dropout(dropout, name=f"down{k + 1}_dropout")(x)
        if k < depth:
            skips.append(x)
            x = layers.MaxPooling2D(2, name=f"down{k + 1}_pool")(x)
    for k in reversed(range(depth)):
        x = layers.Conv2DTranspose(
            filters * 2**k, 2, 2, kernel_initializer="he_normal", name=f"up{k + 1}"
        )(x)
        x = joined(skips[k], x, f"up{k + 1}")
        x = level(x, filters * 2**k, *settings, f"up{k + 1}")  # 52, 100, 196, 388
    return x


@architecture(
    title="U-Net",
    paper="Ronneberger, Fischer & Brox, 2015, U-Net: convolutional networks for "
    "biomedical image segmentation, MICCAI",
    year=2015,
    url="arXiv:1505.04597",
    task="semantic segmentation",
    lectures=["000: course of F. Fleuret", "001: Lecture 6: code/lec6-unet.ipynb"],
    dataset="cells",
    offline="shapes/masks",
    params=31_030_658,
    macs=150_428_424_448,
    variants={
        "colour images": {"config": {"input_shape": (572, 572, 3)},
                          "params": 31_031_810},
        "colour images, 21 classes, padded": {
            "config": {"input_shape": (512, 512, 3), "classes": 21, "padding": "same"},
            "params": 31_033_045,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 1e-3, "momentum": 0.99},
        },
        "loss": "sparse_categorical_crossentropy",
        "weighted_metrics": ["accuracy", "kerazoo>MeanIoU"],
        "batch_size": 1,
        "epochs": 20,
        "augment": {"flip": True, "elastic": 10},
    },
    preprocess={"target": "mask"},
    published=[
        "ISBI 2012 challenge: warping error 0.000353, Rand error 0.0382, pixel error "
        "0.0611 (Table 1)",
        "ISBI cell tracking 2015: IoU 0.9203 on PhC-U373, 0.7756 on DIC-HeLa (Table 2)",
    ],
    deviations=[
        "the weight map that parts touching cells is not part of the recipe: it is "
        "kerazoo.datasets.segmentation.border_weights, handed to fit with the masks",
        "the slices of the ISBI challenge are not in TFDS: generated cells stand in",
        "images are mirrored and bent; no changes of the grey value",
        "the paper gives neither a learning rate nor a number of updates: ours",
        "the reduced configuration normalises each convolution over the batch, which "
        "the paper does not, and pads",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 5, "filters": 8, "depth": 3,
          "padding": "same", "batch_normalization": True, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 16,
        "epochs": 4,
        "augment": {"flip": True},
    },
    learns={"mean_iou": 0.85},
)  # fmt: skip
def unet(
    *, input_shape=(572, 572, 1), classes=2, filters=64, depth=4, padding="valid",
    batch_normalization=False, dropout=0.5, classifier_activation="softmax",
):  # fmt: skip
    """A class for every pixel, by a U of convolutions (Ronneberger et al., 2015).

    Args:
        input_shape: height, width and channels of a tile.
        classes: number of classes.
        filters: channels of the highest level; each level below has twice as many.
        depth: number of poolings.
        padding: of the convolutions: `"valid"`, where the answer, 388x388 for 572x572,
            is smaller than the tile, or `"same"`.
        batch_normalization: whether to normalise before each ReLU; not in the paper.
        dropout: share dropped at the end of the way down, on its last two levels.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `SegmentationModel`, a `keras.Model` from `(batch, height, width,
        channels)` images to `(batch, height, width, classes)` probabilities, with a
        method `segment` for images of any size.

    Raises:
        ValueError: the poolings do not divide the image.

    Example:
        >>> model = kerazoo.unet(input_shape=(256, 256, 3), classes=3, padding="same")
        >>> kerazoo.fit(model, "oxford_iiit_pet", batch_size=16)

    Reference:
        Ronneberger et al., 2015, section 2 and figure 1.
    """
    inputs = keras.Input(input_shape, name="images")
    x = u_net(inputs, filters, depth, padding, dropout, normalized=batch_normalization)
    x = layers.Conv2D(classes, 1, kernel_initializer="he_normal", name="classes")(x)
    x = layers.Activation(classifier_activation, dtype="float32", name="output")(x)
    return SegmentationModel(inputs, x)


@architecture(
    variant_of="unet",
    title="U-Net of the course info8010",
    paper="after Ronneberger et al., 2015; notebook of lecture 6, info8010 (Louppe)",
    url="https://github.com/glouppe/info8010-deep-learning",
    lectures=["001: Lecture 6: code/lec6-unet.ipynb"],
    offline="cells",
    params=7_693_377,
    macs=9_170_845_696,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.01},
        },
        "loss": "binary_crossentropy",
        "weighted_metrics": ["accuracy", "kerazoo>MeanIoU"],
        "batch_size": 32,
        "epochs": 5,
    },
    preprocess={"target": "mask", "mean": 127.5, "std": 63.75},
    deviations=[
        "the slices of the ISBI challenge are not in TFDS: generated cells stand in",
        "the output is the probability of a membrane, where the notebook has its logit",
    ],
    tiny={"input_shape": (64, 64, 1), "filters": 8},
    tiny_recipe={"batch_size": 16, "epochs": 6, "schedule": {"kind": "one_cycle"}},
    learns={"mean_iou": 0.85},
)  # fmt: skip
def louppe_unet(*, input_shape=(128, 128, 1), filters=64, depth=3):
    """The course's U-Net, which finds membranes (Louppe, info8010, lecture 6).

    Padded convolutions without bias, three levels, one answer for every pixel.

    Args:
        input_shape: height, width and channels of a crop.
        filters: channels of the highest level; each level below has twice as many.
        depth: number of poolings.

    Returns:
        A compiled `SegmentationModel` to `(batch, height, width, 1)` probabilities.

    Raises:
        ValueError: the poolings do not divide the image.

    Example:
        >>> model = kerazoo.louppe_unet()
        >>> kerazoo.fit(model, "cells")

    Reference:
        Louppe, info8010, code/lec6-unet.ipynb.
    """
    inputs = keras.Input(input_shape, name="images")
    x = u_net(inputs, filters, depth, "same", use_bias=False)
    x = layers.Conv2D(1, 1, name="classes")(x)
    x = layers.Activation("sigmoid", dtype="float32", name="output")(x)
    return SegmentationModel(inputs, x)
