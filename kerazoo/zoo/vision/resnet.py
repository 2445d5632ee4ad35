"""ResNet (He, Zhang, Ren & Sun, 2016, arXiv:1512.03385).

Stacked layers learn a residual F(x) that is added to their input, so that depth no
longer hinders optimisation: 152 layers on ImageNet, 110 and more on CIFAR-10.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


def conv_bn(x, filters, kernel_size, strides=1, name=None):
    """Convolution without bias, symmetric padding, then batch normalisation."""
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


@keras.saving.register_keras_serializable(package="kerazoo")
class ZeroPadShortcut(layers.Layer):
    """Option A (section 3.3): subsample in space, append zero channels; no parameters.

    Args:
        filters: number of output channels.
        strides: subsampling factor.
    """

    def __init__(self, filters, strides, **keywords):
        super().__init__(**keywords)
        self.filters, self.strides = filters, strides

    def call(self, x):
        x = x[:, :: self.strides, :: self.strides]
        return ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, self.filters - x.shape[-1]]])

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
        }


def shortcut_connection(x, filters, strides, option, name):
    """Shortcut options of section 3.3 and Table 3; None makes a plain network."""
    changes = strides > 1 or x.shape[-1] != filters
    if option == "C" or (option == "B" and changes):
        return conv_bn(x, filters, 1, strides, name=f"{name}_shortcut")
    if changes:
        return ZeroPadShortcut(filters, strides, name=f"{name}_shortcut")(x)
    return x


def basic_block(x, filters, strides, shortcut, stride_on, name):
    """Figure 5, left: two 3x3 convolutions, the first one strided."""
    y = conv_bn(x, filters, 3, strides, name=f"{name}_1")
    y = layers.ReLU(name=f"{name}_1_relu")(y)
    y = conv_bn(y, filters, 3, name=f"{name}_2")
    if shortcut is not None:
        x = shortcut_connection(x, filters, strides, shortcut, name)
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(y)


def bottleneck_block(x, filters, strides, shortcut, stride_on, name):
    """Figure 5, right: 1x1 down to `filters`, 3x3, 1x1 up to four times `filters`."""
    first, second = (strides, 1) if stride_on == "1x1" else (1, strides)
    y = conv_bn(x, filters, 1, first, name=f"{name}_1")
    y = layers.ReLU(name=f"{name}_1_relu")(y)
    y = conv_bn(y, filters, 3, second, name=f"{name}_2")
    y = layers.ReLU(name=f"{name}_2_relu")(y)
    y = conv_bn(y, 4 * filters, 1, name=f"{name}_3")
    if shortcut is not None:
        x = shortcut_connection(x, 4 * filters, strides, shortcut, name)
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(y)


def check_shortcut(shortcut):
    """Refuses what is no option of section 3.3."""
    if shortcut not in ("A", "B", "C", None):
        raise ValueError(
            "`shortcut` must be 'A', 'B', 'C' or None (a plain network). "
            f"Received: shortcut={shortcut!r}"
        )


def resnet(
    block, blocks, filters, input_shape, classes, include_top, classifier_activation,
    shortcut, stride_on="1x1",
):  # fmt: skip
    """The ImageNet networks of Table 1."""
    check_shortcut(shortcut)
    if stride_on not in ("1x1", "3x3"):
        raise ValueError(
            f"`stride_on` must be '1x1' or '3x3'. Received: stride_on={stride_on!r}"
        )
    inputs = keras.Input(input_shape)
    x = conv_bn(inputs, filters, 7, 2, name="conv1")  # 112x112x64
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 56x56x64
    for stage, repeats in enumerate(blocks):  # 56x56, 28x28, 14x14, 7x7
        for index in range(repeats):
            strides = 2 if stage > 0 and index == 0 else 1
            name = f"conv{stage + 2}_{index + 1}"
            x = block(x, filters * 2**stage, strides, shortcut, stride_on, name)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)


@architecture(
    title="ResNet-50",
    paper="He, Zhang, Ren & Sun, 2016, Deep residual learning for image recognition, "
    "CVPR",
    year=2016,
    url="arXiv:1512.03385",
    task="image classification",
    lectures=["000: skip connections", "004: (He et al., 2015), ILSVRC tables"],
    dataset="imagenet2012",
    offline="digits",
    params=25_557_032,
    non_trainable=53_120,
    macs=3_857_973_248,
    variants={"C": {"config": {"shortcut": "C"}, "params": 40_128_552}},
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {"kind": "step", "epochs": [30, 60, 90], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 256,
        "epochs": 120,
        "augment": {"random_resized_crop": [0.25, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet val top-1/top-5 error 22.85/6.71 %, 10-crop (Table 3)",
        "ImageNet val top-1/top-5 error 20.74/5.25 %, multi-scale (Table 4)",
    ],
    deviations=[
        "channels are standardised; the paper subtracts the per-pixel mean",
        "random resized crops instead of scale jitter in [256, 480] with colour "
        "augmentation",
        "the learning rate drops at epochs 30, 60, 90, where the paper waits for "
        "plateaus",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={
        "input_shape": (32, 32, 3),
        "classes": 10,
        "blocks": (1, 1, 1),
        "filters": 12,
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["torchvision", "timm", "keras.applications"],
)  # fmt: skip
def resnet50(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", stride_on="1x1",
    blocks=(3, 4, 6, 3), filters=64,
):  # fmt: skip
    """ResNet-50 (He et al., 2016).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        shortcut: where the shape changes, `"A"` zero padding, `"B"` projection;
            `"C"` projections everywhere; None leaves the shortcuts out.
        stride_on: convolution of a bottleneck that halves the map: `"1x1"` as in the
            paper, `"3x3"` as in torchvision ("v1.5"). The parameters are the same.
        blocks: residual blocks in each stage.
        filters: channels of the first stage.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `shortcut` or `stride_on`.

    Example:
        >>> model = kerazoo.resnet50(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:1512.03385, Table 1.
    """
    return resnet(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut, stride_on,
    )  # fmt: skip


@architecture(
    variant_of="resnet50",
    title="ResNet-101",
    params=44_549_160,
    non_trainable=105_344,
    macs=7_570_194_432,
    variants={"C": {"config": {"shortcut": "C"}, "params": 76_981_288}},
    published=[
        "ImageNet val top-1/top-5 error 21.75/6.05 %, 10-crop (Table 3)",
        "ImageNet val top-1/top-5 error 19.87/4.60 %, multi-scale (Table 4)",
    ],
)
def resnet101(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", stride_on="1x1",
    blocks=(3, 4, 23, 3), filters=64,
):  # fmt: skip
    """ResNet-101 (He et al., 2016). Keywords, returns and errors as `resnet50`."""
    return resnet(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut, stride_on,
    )  # fmt: skip


@architecture(
    variant_of="resnet50",
    title="ResNet-152",
    params=60_192_808,
    non_trainable=151_424,
    macs=11_282_415_616,
    variants={"C": {"config": {"shortcut": "C"}, "params": 107_335_720}},
    published=[
        "ImageNet val top-1/top-5 error 21.43/5.71 %, 10-crop (Table 3)",
        "ImageNet val top-1/top-5 error 19.38/4.49 %, multi-scale (Table 4)",
    ],
)
def resnet152(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", stride_on="1x1",
    blocks=(3, 8, 36, 3), filters=64,
):  # fmt: skip
    """ResNet-152 (He et al., 2016). Keywords, returns and errors as `resnet50`."""
    return resnet(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut, stride_on,
    )  # fmt: skip


@architecture(
    variant_of="resnet50",
    title="ResNet-18",
    params=11_689_512,
    non_trainable=9_600,
    macs=1_814_073_344,
    variants={
        "A": {"config": {"shortcut": "A"}, "params": 11_515_688},
        "C": {"config": {"shortcut": "C"}, "params": 12_043_816},
        "plain": {"config": {"shortcut": None}, "params": 11_515_688},
    },
    published=["ImageNet val top-1 error 27.88 %, 10-crop, option A (Table 2)"],
)
def resnet18(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", blocks=(2, 2, 2, 2), filters=64,
):  # fmt: skip
    """ResNet-18 (He et al., 2016). Keywords, returns and errors as `resnet50`."""
    return resnet(
        basic_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut,
    )  # fmt: skip


@architecture(
    variant_of="resnet50",
    title="ResNet-34",
    params=21_797_672,
    non_trainable=17_024,
    macs=3_663_761_408,
    variants={
        "A": {"config": {"shortcut": "A"}, "params": 21_623_848},
        "C": {"config": {"shortcut": "C"}, "params": 22_716_840},
        "plain": {"config": {"shortcut": None}, "params": 21_623_848},
    },
    published=[
        "ImageNet val top-1/top-5 error, 10-crop (Table 3): A 25.03/7.76, "
        "B 24.52/7.46, C 24.19/7.40 %; plain 28.54/10.02 %",
        "ImageNet val top-1/top-5 error, multi-scale (Table 4): B 21.84/5.71, "
        "C 21.53/5.60 %",
    ],
)
def resnet34(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", blocks=(3, 4, 6, 3), filters=64,
):  # fmt: skip
    """ResNet-34 (He et al., 2016). Keywords, returns and errors as `resnet50`."""
    return resnet(
        basic_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut,
    )  # fmt: skip
