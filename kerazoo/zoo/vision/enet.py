"""ENet's encoder as an ImageNet classifier (Paszke et al.; Canziani et al., 2016).

ENet is a network for segmentation at video rate: early, aggressive downsampling, narrow
bottlenecks, dilated and asymmetric convolutions. Canziani et al. compare it with
ImageNet classifiers, as the one that does most with its parameters.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.resnet import ZeroPadShortcut


def bn_prelu(x, name):
    """Batch normalisation and one slope for each channel."""
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return prelu(x, name)


def prelu(x, name):
    """PReLU with one slope, at first 1/4, for each channel."""
    return layers.PReLU(
        keras.initializers.Constant(0.25), shared_axes=(1, 2), name=f"{name}_prelu"
    )(x)


def conv(x, filters, kernel_size, name, strides=1, dilation=1):
    """Convolution without bias, since a normalisation follows."""
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same" if strides == 1 else "valid",
        dilation_rate=dilation,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def initial_block(x, filters, name):
    """Figure 2a: a strided convolution beside a pooling, side by side."""
    y = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    y = conv(y, filters - x.shape[-1], 3, f"{name}_conv", strides=2)
    x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    return bn_prelu(layers.Concatenate(name=f"{name}_concat")([y, x]), name)


def bottleneck(x, filters, dropout, name, downsample=False, dilation=1, asymmetric=0):
    """Figure 2b: down to a quarter of the channels, a convolution, and up again."""
    inner = filters // 4
    strides = 2 if downsample else 1
    y = conv(x, inner, strides, f"{name}_reduce", strides=strides)
    y = bn_prelu(y, f"{name}_reduce")
    if asymmetric:
        y = conv(y, inner, (1, asymmetric), f"{name}_row")
        y = conv(y, inner, (asymmetric, 1), f"{name}_column")
    else:
        y = conv(y, inner, 3, f"{name}_conv", dilation=dilation)
    y = bn_prelu(y, f"{name}_conv")
    y = conv(y, filters, 1, f"{name}_expand")
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_expand_bn")(
        y
    )
    y = layers.SpatialDropout2D(dropout, name=f"{name}_dropout")(y)
    if downsample:
        x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    if x.shape[-1] != filters:
        x = ZeroPadShortcut(filters, 1, name=f"{name}_shortcut")(x)
    return prelu(layers.Add(name=f"{name}_add")([x, y]), name)


def encoder(x, width, repeats):
    """Table 1 up to stage 3; channels are multiples of `width`."""
    if any(size is not None and size % 2 for size in x.shape[1:3]):
        raise ValueError(
            "Height and width of `input_shape` must be even: the first block puts a "
            "convolution and a pooling side by side. "
            f"Received: input_shape={x.shape[1:]}"
        )
    first, wide, wider = int(16 * width), int(64 * width), int(128 * width)
    if first <= x.shape[-1] or repeats < 0:
        raise ValueError(
            f"`width` must leave the first block more than the {x.shape[-1]} channels "
            "of an image, and `repeats` must not be negative. "
            f"Received: width={width}, repeats={repeats}"
        )
    x = initial_block(x, first, "initial")  # 112x112x25
    x = bottleneck(x, wide, 0.01, "bottleneck1_0", downsample=True)  # 56x56x100
    for k in range(1, 5):
        x = bottleneck(x, wide, 0.01, f"bottleneck1_{k}")
    x = bottleneck(x, wider, 0.1, "bottleneck2_0", downsample=True)  # 28x28x200
    for stage in range(2, 2 + repeats):
        for k, kind in enumerate(
            (
                {}, {"dilation": 2}, {"asymmetric": 5}, {"dilation": 4},
                {}, {"dilation": 8}, {"asymmetric": 5}, {"dilation": 16},
            ),
            start=1,
        ):  # fmt: skip
            x = bottleneck(x, wider, 0.1, f"bottleneck{stage}_{k}", **kind)
    return x


@architecture(
    title="ENet classifier",
    paper="Paszke, Chaurasia, Kim & Culurciello, 2016, ENet: a deep neural network "
    "architecture for real-time semantic segmentation; as a classifier in Canziani, "
    "Paszke & Culurciello, 2016, An analysis of deep neural network models",
    year=2016,
    url="arXiv:1606.02147",
    task="image classification",
    lectures=["000, 004: Canziani et al. (2016), point ENet"],
    dataset="imagenet2012",
    offline="digits",
    params=1_014_844,
    non_trainable=11_750,
    macs=756_371_136,
    variants={"ENet's own width": {"config": {"width": 1.0}, "params": 466_519}},
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 5e-4, "weight_decay": 2e-4},
        },
        "schedule": {"kind": "step", "epochs": [30, 60, 80], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 90,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=["ImageNet val top-1 accuracy 68.4 % (Canziani et al., 2016, figure 1)"],
    deviations=[
        "the classifier's layers were never published: ours is ENet's encoder, average "
        "pooling and a dense layer, all channels times 25/16, which gives 1.51 of the "
        "1.57 G-ops that the figure shows",
        "no bias in the convolutions in front of batch normalisations, which the "
        "authors' code keeps in some",
        "the recipe is ours, with the optimizer, rate and decay of ENet; the decay is "
        "decoupled",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "width": 0.5, "repeats": 1},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 5,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)
def enet_classifier(
    *, input_shape=(224, 224, 3), classes=1000, width=1.5625, repeats=2,
    include_top=True, classifier_activation="softmax",
):  # fmt: skip
    """ENet's encoder with a classifier (after Paszke et al., 2016).

    Args:
        input_shape: height, width and channels of an image; both sides are even.
        classes: number of classes.
        width: factor of all channels; 1 is ENet itself.
        repeats: stages of eight bottlenecks at the coarsest resolution.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an image with an odd side, or a `width` too small for its channels.

    Example:
        >>> model = kerazoo.enet_classifier(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:1606.02147, Table 1 and figure 2; arXiv:1605.07678.
    """
    inputs = keras.Input(input_shape)
    x = encoder(inputs, width, repeats)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
