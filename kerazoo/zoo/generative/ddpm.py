"""Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020).

An image vanishes in noise over a thousand small steps. A network learns to see the
noise in an image of any of these steps, and with it the steps can be taken backwards,
from pure noise to a new image. New was that this plain regression, one mean squared
error, makes images as good as an adversarial game: a U-Net with attention that is told
the step, the weighting of the steps, and a moving average of the weights.

How images are spoilt and made is in `kerazoo.layers.diffusion`, the U-Net here.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.diffusion import Diffusion


@keras.saving.register_keras_serializable(package="kerazoo")
class StepEncoding(layers.Layer):
    """Integers `(batch,)` as sines and cosines of many frequencies, `(batch, size)`.

    Args:
        size: even number of outputs; the periods go from 2 pi to 10,000 times that.
    """

    def __init__(self, size, **keywords):
        super().__init__(**keywords)
        self.size = size

    def call(self, steps):
        half = self.size // 2
        spacing = math.log(10_000) / (half - 1)
        frequencies = ops.exp(-spacing * ops.arange(half, dtype="float32"))
        angles = ops.cast(steps, "float32")[:, None] * frequencies
        encoding = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return ops.cast(encoding, self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def normalized(x, groups, name):
    """Group normalisation and swish."""
    x = layers.GroupNormalization(groups, epsilon=1e-6, name=name)(x)
    return layers.Activation("swish", name=f"{name}_swish")(x)


def conv(x, filters, name, kernel=3, **keywords):
    """Convolution that keeps the extent, or halves it with stride 2."""
    return layers.Conv2D(filters, kernel, padding="same", **keywords, name=name)(x)


def residual(x, step, filters, groups, dropout, name):
    """Two convolutions, between them the step; the block starts as its shortcut."""
    shortcut = x
    x = conv(normalized(x, groups, f"{name}_norm1"), filters, f"{name}_conv1")
    bias = layers.Dense(filters, name=f"{name}_step")(step)
    bias = layers.Reshape((1, 1, filters), name=f"{name}_bias")(bias)
    x = layers.Add(name=f"{name}_told")([x, bias])
    x = normalized(x, groups, f"{name}_norm2")
    x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = conv(x, filters, f"{name}_conv2", kernel_initializer="zeros")
    if shortcut.shape[-1] != filters:
        shortcut = conv(shortcut, filters, f"{name}_shortcut", 1)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def attention(x, groups, name):
    """Every position looks at all others, with one head; starts as the identity."""
    shortcut, (height, width, filters) = x, x.shape[1:]
    x = layers.GroupNormalization(groups, epsilon=1e-6, name=f"{name}_norm")(x)
    x = layers.Reshape((height * width, 1, filters), name=f"{name}_positions")(x)
    query, key, value = (
        layers.Dense(filters, name=f"{name}_{part}")(x)
        for part in ("query", "key", "value")
    )
    x = ops.dot_product_attention(query, key, value)
    x = layers.Dense(filters, kernel_initializer="zeros", name=f"{name}_output")(x)
    x = layers.Reshape((height, width, filters), name=f"{name}_map")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def u_net(
    input_shape, filters, multipliers, blocks, attention_levels, groups, dropout
):  # fmt: skip
    """The network from `[images, steps]` to noise; comments have CIFAR-10's shapes."""
    levels = range(1, len(multipliers) + 1)
    least = 2 ** (len(levels) - 1)
    if any(size % least for size in input_shape[:2]):
        raise ValueError(
            f"Height and width of `input_shape` must be multiples of {least}, as the "
            f"{len(levels)} levels of `multipliers` halve them. Received: "
            f"input_shape={tuple(input_shape)}"
        )
    if not set(attention_levels) <= set(levels):
        raise ValueError(
            f"`attention_levels` must be in 1..{len(levels)}, the levels of "
            f"`multipliers`. Received: {tuple(attention_levels)}"
        )
    images, steps = keras.Input(input_shape), keras.Input((), dtype="int32")
    step = StepEncoding(filters, name="step_encoding")(steps)  # 128
    step = layers.Dense(4 * filters, activation="swish", name="step_fc1")(step)  # 512
    # Every block takes the swish of the second layer.
    step = layers.Dense(4 * filters, activation="swish", name="step_fc2")(step)

    def block(x, width, name, attends):
        x = residual(x, step, width, groups, dropout, f"{name}")
        return attention(x, groups, f"{name}_attention") if attends else x

    x = conv(images, filters, "conv_in")  # 32x32x128
    skips = [x]
    for level, multiplier in zip(levels, multipliers, strict=True):
        attends, width = level in attention_levels, filters * multiplier
        for number in range(1, blocks + 1):
            x = block(x, width, f"down{level}_{number}", attends)
            skips.append(x)
        if level != levels[-1]:  # 16x16x128, 8x8x256, 4x4x256
            x = conv(x, width, f"down{level}_half", strides=2)
            skips.append(x)
    x = block(x, width, "middle_1", attends=True)
    x = block(x, width, "middle_2", attends=False)  # 4x4x256
    for level, multiplier in zip(levels[::-1], multipliers[::-1], strict=True):
        attends, width = level in attention_levels, filters * multiplier
        for number in range(1, blocks + 2):
            x = layers.Concatenate(name=f"up{level}_{number}_skip")([x, skips.pop()])
            x = block(x, width, f"up{level}_{number}", attends)
        if level != 1:  # 8x8x256, 16x16x256, 32x32x256
            x = layers.UpSampling2D(name=f"up{level}_nearest")(x)
            x = conv(x, width, f"up{level}_double")
    x = normalized(x, groups, "norm_out")  # 32x32x128
    x = conv(
        x, input_shape[-1], "conv_out", kernel_initializer="zeros", dtype="float32"
    )  # 32x32x3
    return keras.Model([images, steps], x, name="u_net")


@architecture(
    title="DDPM",
    paper="Ho, Jain & Abbeel, 2020, Denoising diffusion probabilistic models, NeurIPS",
    year=2020,
    url="arXiv:2006.11239",
    task="image generation",
    lectures=["001: Lecture 12: Score-based diffusion models"],
    dataset="cifar10",
    offline="digits",
    params=35_746_307,
    non_trainable=35_746_308,
    macs=6_221_856_768,
    variants={
        "cosine schedule, 4000 steps (Nichol & Dhariwal, 2021)": {
            "config": {"schedule": "cosine", "timesteps": 4000},
            "params": 35_746_307,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 2e-4, "global_clipnorm": 1.0},
        },
        "loss": None,
        "schedule": {"kind": "constant", "warmup_epochs": 12.8},
        "batch_size": 128,
        "epochs": 2048,
        "augment": {"flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "CIFAR-10 inception score 9.46, FID 3.17 (abstract; Table 1)",
        "CIFAR-10 FID 13.36, 6.84, 4.67, 4.16, 4.04 by DDIM in 10, 20, 50, 100, 1000 "
        "steps (Song et al., 2021, Table 1)",
    ],
    deviations=[
        "the average of the weights forgets faster in the first 90,000 steps, with a "
        "momentum of (n + 1) / (n + 10) at step n; the paper's is 0.9999 throughout",
        "epochs and warm-up are the paper's 800,000 and 5,000 steps on the 50,000 "
        "images of CIFAR-10",
    ],
    tiny={
        "input_shape": (8, 8, 1), "filters": 14, "multipliers": (1, 2), "blocks": 1,
        "attention_levels": (), "groups": 2, "dropout": 0.0, "timesteps": 100,
        "schedule": "cosine", "ema_momentum": 0.995,
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "augment": None,
        "batch_size": 64,
        "epochs": 60,
    },
    learns={"loss": 0.2},
    weights=["diffusers"],
)  # fmt: skip
def ddpm(
    *, input_shape=(32, 32, 3), filters=128, multipliers=(1, 2, 2, 2), blocks=2,
    attention_levels=(2,), groups=32, dropout=0.1, timesteps=1000, schedule="linear",
    ema_momentum=0.9999,
):  # fmt: skip
    """DDPM for CIFAR-10 (Ho et al., 2020).

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 2^(levels - 1), 8 for the paper's four levels.
        filters: channels of the first level, a multiple of `groups`.
        multipliers: channels of each level, in multiples of `filters`; each level has
            half the extent of the one before.
        blocks: residual blocks of a level on the way down; one more on the way up.
        attention_levels: levels with attention behind every block, counted from 1;
            the paper's have 16x16 positions. The middle has it anyway.
        groups: groups of channels that are normalised together.
        dropout: share of the activations that is dropped in every residual block.
        timesteps: steps from an image to noise.
        schedule: `"linear"`, or `"cosine"` (Nichol & Dhariwal, 2021).
        ema_momentum: of the average of the weights that samples are made with.

    Returns:
        A compiled `Diffusion`: `(batch, *input_shape)` floats in -1..1 to the noise in
        them; `sample` makes images, `trajectory` shows how. `params` are the U-Net's,
        which `non_trainable` has again as averages; `macs` are one estimate's.

    Example:
        >>> model = kerazoo.ddpm()
        >>> kerazoo.fit(model, callbacks=[kerazoo.report.sample_sheets("samples")])
        >>> images = model.sample(64, seed=0, steps=50, sampler="ddim")
        >>> kerazoo.report.sample_sheet(images, "samples.png")
        >>> digits = kerazoo.ddpm(input_shape=(32, 32, 1), recipe={"augment": None})
        >>> kerazoo.fit(digits, "mnist", epochs=20)

    Reference:
        arXiv:2006.11239, section 4 and appendix B.
    """
    network = u_net(
        input_shape, filters, multipliers, blocks, attention_levels, groups, dropout
    )
    return Diffusion(network, timesteps, schedule, ema_momentum)


@architecture(
    variant_of="ddpm",
    title="DDPM for images of 256x256",
    dataset=None,
    params=113_673_219,
    non_trainable=113_673_220,
    macs=248_513_757_184,
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 2e-5, "global_clipnorm": 1.0},
        },
        "loss": None,
        "schedule": {"kind": "constant", "warmup_epochs": 10.7},
        "batch_size": 64,
        "epochs": 1067,
        "augment": {"flip": True},
    },
    published=[
        "LSUN bedroom FID 6.36, church 7.89, cat 19.75 (Table 3)",
    ],
    deviations=[
        "the average of the weights forgets faster in the first 90,000 steps, with a "
        "momentum of (n + 1) / (n + 10) at step n; the paper's is 0.9999 throughout",
        "epochs and warm-up are the paper's 500,000 and 5,000 steps on the 30,000 "
        "images of CelebA-HQ; LSUN's bedrooms are not mirrored and train longer",
    ],
    tiny={
        "input_shape": (16, 16, 1), "filters": 8, "multipliers": (1, 1, 2), "blocks": 1,
        "attention_levels": (2,), "groups": 2, "timesteps": 100, "schedule": "cosine",
        "ema_momentum": 0.995,
    },
)  # fmt: skip
def ddpm_256(
    *, input_shape=(256, 256, 3), filters=128, multipliers=(1, 1, 2, 2, 4, 4),
    blocks=2, attention_levels=(5,), groups=32, dropout=0.0, timesteps=1000,
    schedule="linear", ema_momentum=0.9999,
):  # fmt: skip
    """DDPM for LSUN and CelebA-HQ at 256x256 (Ho et al., 2020). Keywords as `ddpm`."""
    network = u_net(
        input_shape, filters, multipliers, blocks, attention_levels, groups, dropout
    )
    return Diffusion(network, timesteps, schedule, ema_momentum)
