"""Deep convolutional generative adversarial networks (Radford et al., 2016).

A generator turns noise into images, a discriminator tells them from real ones, and each
learns from the other (Goodfellow et al., 2014). The paper found what makes this work
with convolutions: strides in place of pooling, batch normalisation in both networks,
no hidden dense layers, ReLU in the generator and leaky ReLU in the discriminator.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.composite import Composite, mean_loss


@keras.saving.register_keras_serializable(package="kerazoo")
class FrechetDistance(keras.metrics.Metric):
    """Distance between real and generated images, as Gaussians of 8x8 grey thumbnails.

    The formula of the Frechet inception distance (Heusel et al., 2017), of 64 pixels
    in place of an Inception network's features: it needs no other network, sees gross
    shape and variety, not detail, and compares runs on the same data.
    """

    SIDE = 8

    def __init__(self, **keywords):
        super().__init__(**keywords)
        size = self.SIDE**2
        self.count = self.add_variable((), "zeros", name="count")
        self.sums = self.add_variable((2, size), "zeros", name="sums")
        self.products = self.add_variable((2, size, size), "zeros", name="products")

    def update_state(self, real, generated):
        for index, images in enumerate((real, generated)):
            x = self._thumbnails(images)
            here = ops.cast(ops.arange(2) == index, x.dtype)
            self.sums.assign_add(here[:, None] * ops.sum(x, axis=0))
            product = ops.matmul(ops.transpose(x), x)
            self.products.assign_add(here[:, None, None] * product)
        self.count.assign_add(ops.cast(ops.shape(x)[0], x.dtype))

    def _thumbnails(self, images):
        images = ops.mean(ops.cast(images, "float32"), axis=-1, keepdims=True)
        if images.shape[1:3] != (self.SIDE, self.SIDE):
            images = ops.image.resize(images, (self.SIDE, self.SIDE), antialias=True)
        return ops.reshape(images, (-1, self.SIDE**2))

    def result(self):
        count = ops.maximum(self.count, 1.0)
        mean = self.sums / count
        outer = mean[:, :, None] * mean[:, None, :]
        covariance = self.products / count - outer
        values, vectors = ops.eigh(covariance[0])
        scaled = vectors * ops.sqrt(ops.maximum(values, 0.0))
        root = ops.matmul(scaled, ops.transpose(vectors))
        common = ops.matmul(ops.matmul(root, covariance[1]), root)
        overlap = ops.sum(ops.sqrt(ops.maximum(ops.eigh(common)[0], 0.0)))
        return (
            ops.sum(ops.square(mean[0] - mean[1]))
            + ops.trace(covariance[0])
            + ops.trace(covariance[1])
            - 2 * overlap
        )


@keras.saving.register_keras_serializable(package="kerazoo")
class AdversarialNetworks(Composite):
    """Generator and discriminator as one model that trains by plain `fit(images)`.

    `model(images)` gives the discriminator's logits that images are real, `sample`
    makes images. Both networks take a step on every batch: the loss is the sum of the
    discriminator's, on generated images held constant, and the generator's, through a
    discriminator with constant weights, so that no gradient reaches the other network.
    Names of layers start with `generator_` and `discriminator_`, by which a
    `MultiOptimizer` tells the variables apart.

    Args:
        generator: model from codes, uniform in -1..1, to images.
        discriminator: model from images to one logit.
    """

    PARTS = ("generator", "discriminator")

    def __init__(self, generator, discriminator, **keywords):
        image = keras.Input(discriminator.input_shape[1:], name="image")
        super().__init__(image, discriminator(image), **keywords)
        self.generator = generator
        self.discriminator = discriminator
        self.seed_generator = keras.random.SeedGenerator()
        self.generator_loss = keras.metrics.Mean(name="generator_loss")
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.frechet_distance = FrechetDistance(name="frechet_distance")

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        codes = self._codes(ops.shape(y_pred)[0], self.seed_generator)
        images = self.generator(codes, training=training)
        detached = ops.stop_gradient(images)
        real = y_pred[:, 0]
        fake = self.discriminator(detached, training=training)[:, 0]
        judged = self._constant_discriminator(images, training)[:, 0]
        # Cross-entropies of logits; the generator's is the non-saturating one.
        discriminator_loss = ops.softplus(-real) + ops.softplus(fake)
        generator_loss = ops.softplus(-judged)
        self.discriminator_loss.update_state(discriminator_loss, sample_weight)
        self.generator_loss.update_state(generator_loss, sample_weight)
        self.frechet_distance.update_state(x, detached)
        return mean_loss(discriminator_loss + generator_loss, sample_weight)

    def _constant_discriminator(self, images, training):
        network = self.discriminator
        weights = [ops.stop_gradient(v.value) for v in network.trainable_variables]
        others = [v.value for v in network.non_trainable_variables]
        return network.stateless_call(weights, others, images, training=training)[0]

    def _codes(self, n, seed):
        shape = n, *self.generator.input_shape[1:]
        return keras.random.uniform(shape, minval=-1.0, maxval=1.0, seed=seed)

    def sample(self, n, *, seed=None):
        """New images.

        Args:
            n: how many.
            seed: an integer that fixes the draw.

        Returns:
            NumPy array `(n, height, width, channels)` of floats in -1..1.
        """
        return self.generator.predict(self._codes(n, seed), verbose=0)


def normalized(x, activation, name, *, affine=True):
    """Batch normalisation and activation; the scale starts near 1."""
    x = layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        center=affine,
        scale=affine,
        gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
        name=f"{name}_bn",
    )(x)
    return activation(name=f"{name}_activation")(x)


def leaky_relu(*, name):
    """The discriminator's activation."""
    return layers.LeakyReLU(0.2, name=name)


def weights():
    """Keywords of every layer with weights: no bias, and normal ones."""
    return {
        "use_bias": False,
        "kernel_initializer": keras.initializers.RandomNormal(0.0, 0.02),
    }


def conv(x, filters, name):
    """5x5 convolution that halves the extent."""
    return layers.Conv2D(filters, 5, 2, padding="same", **weights(), name=name)(x)


def deconv(x, filters, name, **keywords):
    """5x5 transposed convolution that doubles the extent."""
    return layers.Conv2DTranspose(
        filters, 5, 2, padding="same", **weights(), **keywords, name=name
    )(x)


@architecture(
    title="DCGAN",
    paper="Radford, Metz & Chintala, 2016, Unsupervised representation learning with "
    "deep convolutional generative adversarial networks, ICLR",
    year=2016,
    url="arXiv:1511.06434",
    task="image generation",
    lectures=[
        "002: Generative models & unsupervised learning",
        "004: Image generation, (Radford et al., 2015)",
    ],
    dataset="imagenet_resized/64x64",
    offline="digits",
    params=36_118_528,
    non_trainable=38_144,
    macs=638_992_384,
    recipe={
        "optimizer": {
            "class_name": "MultiOptimizer",
            "config": {
                "(.*/)?generator_.*": {
                    "class_name": "Adam",
                    "config": {"learning_rate": 2e-4, "beta_1": 0.5},
                },
                "(.*/)?discriminator_.*": {
                    "class_name": "Adam",
                    "config": {"learning_rate": 2e-4, "beta_1": 0.5},
                },
            },
        },
        "loss": None,
        "batch_size": 128,
        "epochs": 25,
    },
    preprocess={"mean": 127.5, "std": 127.5},
    deviations=[
        "both networks take their step on the same batch, from the same weights; the "
        "authors' code updates them in turn on successive batches",
        "no weight decay; the authors' code has 1e-5",
        "generated images at inference use moving averages of the batch statistics; "
        "the authors' code normalises by the batch",
        "trains on ImageNet at 64x64; the paper has bedrooms and faces of this size, "
        "and ImageNet at 32x32",
    ],
    tiny={"input_shape": (16, 16, 1), "latent_dim": 16, "filters": 16},
    tiny_recipe={
        "optimizer": {
            "class_name": "MultiOptimizer",
            "config": {
                "(.*/)?generator_.*": {
                    "class_name": "Adam",
                    "config": {"learning_rate": 1e-3, "beta_1": 0.5},
                },
                "(.*/)?discriminator_.*": {
                    "class_name": "Adam",
                    "config": {"learning_rate": 1e-3, "beta_1": 0.5},
                },
            },
        },
        "batch_size": 32,
        "epochs": 30,
    },
    learns={"frechet_distance": 6.0},
)
def dcgan(*, input_shape=(64, 64, 3), latent_dim=100, filters=128):
    """DCGAN for images of 64x64 (Radford et al., 2016).

    Args:
        input_shape: height, width and channels of an image; a square of 8, 16, 32, 64,
            ... pixels. Each doubling adds a layer to both networks.
        latent_dim: random numbers behind an image.
        filters: channels next to the image; they double with every halving.

    Returns:
        A compiled `AdversarialNetworks`: `(batch, *input_shape)` floats in -1..1 to
        logits `(batch, 1)` that they are real; `sample` makes images. `params` count
        both networks, `macs` the discriminator's look at one image.

    Example:
        >>> model = kerazoo.dcgan()
        >>> kerazoo.fit(model, callbacks=[kerazoo.report.sample_sheets("samples")])
        >>> kerazoo.report.sample_sheet(model.sample(64, seed=0), "samples.png")

    Reference:
        arXiv:1511.06434, section 3, figure 1; sizes of the authors' code.
    """
    height, width, channels = input_shape
    stages = height.bit_length() - 3
    if height != width or stages < 1 or height != 4 * 2**stages:
        raise ValueError(
            "`input_shape` must be a square of 8, 16, 32, ... pixels. Received: "
            f"input_shape={tuple(input_shape)}"
        )
    widths = [filters * 2**stage for stage in range(stages)]  # 128, 256, 512, 1024
    base = 4, 4, widths[-1]

    name = "generator_project"
    x = code = keras.Input((latent_dim,))
    x = layers.Dense(math.prod(base), **weights(), name=name)(x)  # 16384
    x = normalized(x, layers.ReLU, name)
    x = layers.Reshape(base, name="generator_maps")(x)  # 4x4x1024
    for stage, width in enumerate(reversed(widths[:-1]), 1):
        name = f"generator_deconv{stage}"  # 8x8x512, 16x16x256, 32x32x128
        x = normalized(deconv(x, width, name), layers.ReLU, name)
    x = deconv(  # 64x64x3
        x, channels, "generator_image", activation="tanh", dtype="float32"
    )
    generator = keras.Model(code, x, name="generator")

    x = image = keras.Input(input_shape)
    for stage, width in enumerate(widths, 1):
        name = f"discriminator_conv{stage}"  # 32x32x128, 16x16x256, 8x8x512, 4x4x1024
        x = conv(x, width, name)
        if stage == 1:
            x = leaky_relu(name=f"{name}_activation")(x)
        else:
            x = normalized(x, leaky_relu, name)
    x = layers.Flatten(name="discriminator_flatten")(x)  # 16384
    x = layers.Dense(1, **weights(), dtype="float32", name="discriminator_logit")(x)
    return AdversarialNetworks(generator, keras.Model(image, x, name="discriminator"))


@architecture(
    variant_of="dcgan",
    title="DCGAN for MNIST",
    dataset="mnist",
    params=13_361_280,
    non_trainable=17_024,
    macs=16_772_352,
    deviations=[
        "not conditional: the authors' MNIST networks are given the digit at every "
        "layer",
        "tanh output, as the paper has it; the authors' MNIST code ends in a sigmoid",
        "25 epochs at a constant rate; the authors' code takes 200",
        "both networks take their step on the same batch, from the same weights; the "
        "authors' code updates them in turn on successive batches",
        "no weight decay; the authors' code has 2.5e-5",
        "generated images at inference use moving averages of the batch statistics; "
        "the authors' code normalises by the batch",
    ],
    tiny={"input_shape": (16, 16, 1), "latent_dim": 16, "filters": 16, "units": 64},
)
def dcgan_mnist(*, input_shape=(28, 28, 1), latent_dim=100, filters=64, units=1024):
    """DCGAN for MNIST (Radford et al., 2016), the networks of the authors' code.

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 4.
        latent_dim: random numbers behind an image.
        filters: channels next to the image; twice as many in the middle.
        units: width of the dense layer in each network.

    Returns:
        A compiled `AdversarialNetworks`, as `dcgan`.

    Example:
        >>> model = kerazoo.dcgan_mnist()
        >>> kerazoo.fit(model)
        >>> images = model.sample(64, seed=0)

    Reference:
        arXiv:1511.06434; networks of the authors' code for MNIST.
    """
    height, width, channels = input_shape
    if height % 4 or width % 4:
        raise ValueError(
            "Height and width of `input_shape` must be multiples of 4. Received: "
            f"input_shape={tuple(input_shape)}"
        )
    base = height // 4, width // 4, 2 * filters

    x = code = keras.Input((latent_dim,))
    x = layers.Dense(units, **weights(), name="generator_fc1")(x)
    x = normalized(x, layers.ReLU, "generator_fc1", affine=False)
    x = layers.Dense(math.prod(base), **weights(), name="generator_fc2")(x)
    x = normalized(x, layers.ReLU, "generator_fc2", affine=False)
    x = layers.Reshape(base, name="generator_maps")(x)  # 7x7x128
    x = deconv(x, filters, "generator_deconv1")  # 14x14x64
    x = normalized(x, layers.ReLU, "generator_deconv1", affine=False)
    x = deconv(  # 28x28x1
        x, channels, "generator_image", activation="tanh", dtype="float32"
    )
    generator = keras.Model(code, x, name="generator")

    x = image = keras.Input(input_shape)
    x = conv(x, filters, "discriminator_conv1")  # 14x14x64
    x = leaky_relu(name="discriminator_conv1_activation")(x)
    x = conv(x, 2 * filters, "discriminator_conv2")  # 7x7x128
    x = normalized(x, leaky_relu, "discriminator_conv2", affine=False)
    x = layers.Flatten(name="discriminator_flatten")(x)  # 6272
    x = layers.Dense(units, **weights(), name="discriminator_fc1")(x)
    x = normalized(x, leaky_relu, "discriminator_fc1", affine=False)
    x = layers.Dense(1, **weights(), dtype="float32", name="discriminator_logit")(x)
    return AdversarialNetworks(generator, keras.Model(image, x, name="discriminator"))
