"""ConvNeXt (Liu, Mao, Wu, Feichtenhofer, Darrell & Xie, 2022, arXiv:2201.03545).

A ResNet modernised step by step with the choices of vision transformers: patches as the
stem, large depthwise kernels, inverted bottlenecks, LayerNorm, GELU, fewer of both.
Convolutions alone then match them.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@keras.saving.register_keras_serializable(package="kerazoo")
class LayerScale(layers.Layer):
    """Multiplies each channel by a learned factor (Touvron et al., 2021).

    Args:
        init_value: factor at the start; a small one makes a block the identity.
    """

    def __init__(self, init_value, **keywords):
        super().__init__(**keywords)
        self.init_value = init_value

    def build(self, input_shape):
        self.gamma = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(self.init_value),
            name="gamma",
        )

    def call(self, x):
        return x * self.gamma

    def get_config(self):
        return {**super().get_config(), "init_value": self.init_value}


@keras.saving.register_keras_serializable(package="kerazoo")
class StochasticDepth(layers.Layer):
    """Drops the whole branch for some samples while training (Huang et al., 2016).

    What survives is divided by its probability, so that inference needs no factor.

    Args:
        rate: probability to drop a sample's branch.
    """

    def __init__(self, rate, **keywords):
        super().__init__(**keywords)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x, training=None):
        if not training or not self.rate:
            return x
        shape = (ops.shape(x)[0],) + (1,) * (len(x.shape) - 1)
        draw = keras.random.uniform(shape, seed=self.seed_generator)
        kept = ops.cast(draw >= self.rate, x.dtype)
        return x * kept / (1.0 - self.rate)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


def layer_norm(x, name):
    """Normalisation over the channels of each pixel."""
    return layers.LayerNormalization(epsilon=1e-6, name=name)(x)


def truncated_normal():
    """Initialiser of all kernels (appendix A.1)."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def patches(x, filters, size, name):
    """A convolution of non-overlapping patches."""
    return layers.Conv2D(
        filters, size, size, kernel_initializer=truncated_normal(), name=name
    )(x)


def convnext_block(x, layer_scale, drop_rate, name):
    """Figure 4: 7x7 depthwise, then the MLP of a transformer at each pixel."""
    filters = x.shape[-1]
    y = layers.DepthwiseConv2D(
        7,
        padding="same",
        depthwise_initializer=truncated_normal(),
        name=f"{name}_depthwise",
    )(x)
    y = layer_norm(y, name=f"{name}_norm")
    y = layers.Dense(
        4 * filters, kernel_initializer=truncated_normal(), name=f"{name}_expand"
    )(y)
    y = layers.Activation("gelu", name=f"{name}_gelu")(y)  # the exact one, with erf
    y = layers.Dense(
        filters, kernel_initializer=truncated_normal(), name=f"{name}_project"
    )(y)
    if layer_scale is not None:
        y = LayerScale(layer_scale, name=f"{name}_scale")(y)
    if drop_rate:
        y = StochasticDepth(drop_rate, name=f"{name}_drop")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def convnext(
    input_shape, classes, include_top, classifier_activation, blocks, filters,
    patch_size, layer_scale, drop_path,
):  # fmt: skip
    """Table 9: four stages, between them normalisation and 2x2 patches."""
    if len(blocks) != len(filters):
        raise ValueError(
            "`blocks` and `filters` must name as many stages. "
            f"Received: blocks={blocks}, filters={filters}"
        )
    if not 0 <= drop_path < 1:
        raise ValueError(
            "`drop_path` must be a probability, at least 0 and less than 1. "
            f"Received: drop_path={drop_path}"
        )
    inputs = keras.Input(input_shape)
    x = patches(inputs, filters[0], patch_size, name="stem_conv")  # 56x56x96
    x = layer_norm(x, name="stem_norm")
    done = 0
    for stage, repeats in enumerate(blocks):
        if stage > 0:
            x = layer_norm(x, name=f"downsample{stage + 1}_norm")
            x = patches(x, filters[stage], 2, name=f"downsample{stage + 1}_conv")
        for index in range(1, repeats + 1):
            # The rate grows linearly with the depth, from 0 to `drop_path`.
            rate = drop_path * done / max(sum(blocks) - 1, 1)
            x = convnext_block(x, layer_scale, rate, name=f"stage{stage + 1}_{index}")
            done += 1
        # 56x56x96, 28x28x192, 14x14x384, 7x7x768
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layer_norm(x, name="head_norm")
        x = layers.Dense(
            classes,
            activation=classifier_activation,
            kernel_initializer=truncated_normal(),
            dtype="float32",
            name="head",
        )(x)
    return keras.Model(inputs, x)


@architecture(
    title="ConvNeXt-T",
    paper="Liu, Mao, Wu, Feichtenhofer, Darrell & Xie, 2022, A ConvNet for the 2020s, "
    "CVPR",
    year=2022,
    url="arXiv:2201.03545",
    task="image classification",
    lectures=["001: 5 Convolutional neural networks"],
    dataset="imagenet2012",
    offline="digits",
    params=28_589_128,
    macs=4_455_531_264,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 4e-3, "weight_decay": 0.05},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 20},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 4096,
        "epochs": 300,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=["ImageNet val top-1 accuracy 82.1 % at 224x224 (Table 1)"],
    deviations=[
        "no Mixup, CutMix, RandAugment, random erasing and label smoothing, no moving "
        "average of the weights (Table 5)",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "blocks": (1, 1, 1, 1),
          "filters": (16, 24, 32, 48), "patch_size": 2, "layer_scale": 0.5},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
    weights=["torchvision", "timm", "keras.applications"],
)  # fmt: skip
def convnext_tiny(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(3, 3, 9, 3),
    filters=(96, 192, 384, 768), patch_size=4, layer_scale=1e-6, drop_path=0.1,
):  # fmt: skip
    """ConvNeXt-T (Liu et al., 2022).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        blocks: blocks in each stage.
        filters: channels of each stage.
        patch_size: side of the patches of the stem.
        layer_scale: factor of each residual branch at the start of training; None
            leaves the factors out.
        drop_path: probability to drop the last residual branch of a sample while
            training; it grows from 0 with the depth.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: `blocks` and `filters` of different lengths, or a `drop_path` that
            is no probability.

    Example:
        >>> model = kerazoo.convnext_tiny(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:2201.03545, Table 9 and appendix A.1.
    """
    return convnext(
        input_shape, classes, include_top, classifier_activation, blocks, filters,
        patch_size, layer_scale, drop_path,
    )  # fmt: skip


@architecture(
    variant_of="convnext_tiny",
    title="ConvNeXt-S",
    params=50_223_688,
    macs=8_683_712_256,
    published=["ImageNet val top-1 accuracy 83.1 % at 224x224 (Table 1)"],
)
def convnext_small(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(3, 3, 27, 3),
    filters=(96, 192, 384, 768), patch_size=4, layer_scale=1e-6, drop_path=0.4,
):  # fmt: skip
    """ConvNeXt-S (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""
    return convnext(
        input_shape, classes, include_top, classifier_activation, blocks, filters,
        patch_size, layer_scale, drop_path,
    )  # fmt: skip


@architecture(
    variant_of="convnext_tiny",
    title="ConvNeXt-B",
    params=88_591_464,
    macs=15_354_729_472,
    published=["ImageNet val top-1 accuracy 83.8 % at 224x224 (Table 1)"],
)
def convnext_base(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(3, 3, 27, 3),
    filters=(128, 256, 512, 1024), patch_size=4, layer_scale=1e-6, drop_path=0.5,
):  # fmt: skip
    """ConvNeXt-B (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""
    return convnext(
        input_shape, classes, include_top, classifier_activation, blocks, filters,
        patch_size, layer_scale, drop_path,
    )  # fmt: skip


@architecture(
    variant_of="convnext_tiny",
    title="ConvNeXt-L",
    params=197_767_336,
    macs=34_361_433_600,
    published=["ImageNet val top-1 accuracy 84.3 % at 224x224 (Table 1)"],
)
def convnext_large(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(3, 3, 27, 3),
    filters=(192, 384, 768, 1536), patch_size=4, layer_scale=1e-6, drop_path=0.5,
):  # fmt: skip
    """ConvNeXt-L (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""
    return convnext(
        input_shape, classes, include_top, classifier_activation, blocks, filters,
        patch_size, layer_scale, drop_path,
    )  # fmt: skip


@architecture(
    variant_of="convnext_tiny",
    title="ConvNeXt-XL",
    params=350_196_968,
    macs=60_921_030_656,
    published=[
        "ImageNet val top-1 accuracy 87.0 % at 224x224, pre-trained on ImageNet-22k "
        "(Table 1)",
    ],
    deviations=[
        "the recipe is that of the smaller networks on ImageNet-1k; the paper trains "
        "this one on ImageNet-22k and fine-tunes it",
        "no Mixup, CutMix, RandAugment, random erasing and label smoothing, no moving "
        "average of the weights (Table 5)",
    ],
)
def convnext_xlarge(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(3, 3, 27, 3),
    filters=(256, 512, 1024, 2048), patch_size=4, layer_scale=1e-6, drop_path=0.2,
):  # fmt: skip
    """ConvNeXt-XL (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""
    return convnext(
        input_shape, classes, include_top, classifier_activation, blocks, filters,
        patch_size, layer_scale, drop_path,
    )  # fmt: skip
