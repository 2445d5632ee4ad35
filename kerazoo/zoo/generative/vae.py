"""Variational auto-encoders (Kingma & Welling, 2014).

An encoder gives for every image a Gaussian over codes, a decoder for every code a
distribution over images. Both learn together by raising a bound on the likelihood of
the data, with gradients that pass through the drawn code: it is written as mean plus
standard deviation times noise. Codes drawn from the prior then decode to new images.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.composite import Composite, mean_loss


@keras.saving.register_keras_serializable(package="kerazoo")
class VariationalAutoencoder(Composite):
    """Encoder and decoder that train by the evidence lower bound.

    `fit(images)` needs no targets. The metrics, in nats an image, are the
    `negative_elbo` (one drawn code for each image) and the `kl_divergence` in it, the
    nats that the code carries. `model(images)` decodes the mean codes.

    Args:
        encoder: model from images to `[mean, log_variance]` of their codes.
        decoder: model from codes to the pixels' probabilities of being 1.
        beta: weight of the divergence in the loss; 1 is the bound itself.
    """

    PARTS = ("encoder", "decoder")

    def __init__(self, encoder, decoder, beta=1.0, **keywords):
        image = keras.Input(encoder.input_shape[1:], name="image")
        mean, _ = encoder(image)
        super().__init__(image, decoder(mean), **keywords)
        self.encoder = encoder
        self.decoder = decoder
        self.beta = beta
        self.seed_generator = keras.random.SeedGenerator()
        self.negative_elbo = keras.metrics.Mean(name="negative_elbo")
        self.kl_divergence = keras.metrics.Mean(name="kl_divergence")

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        mean, log_variance = self.encoder(x)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        decoded = self.decoder(mean + ops.exp(log_variance / 2) * noise)
        # Equation 10 with Bernoulli pixels (appendix C.1); the KL term is exact.
        pixels = tuple(range(1, len(decoded.shape)))
        surprise = ops.sum(ops.binary_crossentropy(x, decoded), axis=pixels)
        divergence = 0.5 * ops.sum(
            ops.square(mean) + ops.exp(log_variance) - log_variance - 1, axis=-1
        )
        self.negative_elbo.update_state(surprise + divergence, sample_weight)
        self.kl_divergence.update_state(divergence, sample_weight)
        return mean_loss(surprise + self.beta * divergence, sample_weight)

    def sample(self, n, *, seed=None):
        """New images: codes drawn from the prior, decoded.

        Args:
            n: how many.
            seed: an integer that fixes the draw.

        Returns:
            NumPy array `(n, height, width, channels)` of pixel probabilities.
        """
        codes = keras.random.normal((n, *self.decoder.input_shape[1:]), seed=seed)
        return self.decoder.predict(codes, verbose=0)

    def reconstruct(self, images):
        """Images said again through their mean codes, as a NumPy array."""
        return self.predict(images, verbose=0)

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}


def gaussian(x, latent_dim):
    """Mean and log-variance of the code, always in float32."""
    return [
        layers.Dense(latent_dim, dtype="float32", name="mean")(x),
        layers.Dense(latent_dim, dtype="float32", name="log_variance")(x),
    ]


def dense_vae(input_shape, latent_dim, units, activation, beta):
    """Dense layers of `units` widths to the code, and back in the opposite order."""
    x = image = keras.Input(input_shape)
    x = layers.Flatten(name="flatten")(x)  # 784
    for index, width in enumerate(units, 1):
        x = layers.Dense(width, activation=activation, name=f"hidden{index}")(x)
    encoder = keras.Model(image, gaussian(x, latent_dim), name="encoder")

    x = code = keras.Input((latent_dim,))
    for index, width in enumerate(reversed(units), 1):
        x = layers.Dense(width, activation=activation, name=f"hidden{index}")(x)
    x = layers.Dense(
        math.prod(input_shape), activation="sigmoid", dtype="float32", name="pixels"
    )(x)
    x = layers.Reshape(input_shape, dtype="float32", name="image")(x)
    decoder = keras.Model(code, x, name="decoder")
    return VariationalAutoencoder(encoder, decoder, beta)


@architecture(
    title="Variational auto-encoder",
    paper="Kingma & Welling, 2014, Auto-encoding variational Bayes, ICLR",
    year=2014,
    url="arXiv:1312.6114",
    task="image generation",
    lectures=[
        "001: Lecture 11: Auto-encoders and variational auto-encoders",
        "002: Generative models & unsupervised learning",
    ],
    dataset="mnist",
    offline="digits",
    params=815_824,
    macs=814_000,
    variants={
        "3 latent variables": {"config": {"latent_dim": 3}, "params": 790_290},
        "5 latent variables": {"config": {"latent_dim": 5}, "params": 793_294},
        "10 latent variables": {"config": {"latent_dim": 10}, "params": 800_804},
        "200 latent variables": {"config": {"latent_dim": 200}, "params": 1_086_184},
    },
    recipe={
        "optimizer": {
            "class_name": "Adagrad",
            "config": {"learning_rate": 0.02, "initial_accumulator_value": 0.0},
        },
        "loss": None,
        "batch_size": 100,
        "epochs": 200,
    },
    preprocess={"mean": 0.0, "std": 255.0, "target": "image"},
    deviations=[
        "no weight decay, where the paper adds the small one of a Gaussian prior "
        "on the weights",
        "weights start from Glorot uniform, where the paper draws them from a Gaussian",
    ],
    tiny={"input_shape": (8, 8, 1), "units": (64,), "latent_dim": 8},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 40,
    },
    learns={"negative_elbo": 25.5},
)
def vae(
    *, input_shape=(28, 28, 1), latent_dim=20, units=(500,), activation="tanh",
    beta=1.0,
):  # fmt: skip
    """Variational auto-encoder for MNIST (Kingma & Welling, 2014).

    Args:
        input_shape: height, width and channels of an image.
        latent_dim: latent variables; the paper takes 3, 5, 10, 20 and 200.
        units: widths of the encoder's hidden layers; the decoder has them in the
            opposite order.
        activation: of the hidden layers.
        beta: weight of the divergence in the loss; more than 1 is the beta-VAE.

    Returns:
        A compiled `VariationalAutoencoder`, `(batch, *input_shape)` floats in 0..1 to
        their reconstructions; `sample`, `reconstruct`, and the sub-models `encoder`
        and `decoder`.

    Example:
        >>> model = kerazoo.vae()
        >>> kerazoo.fit(model, "digits")
        >>> kerazoo.report.sample_sheet(model.sample(64, seed=0), "samples.png")

    Reference:
        arXiv:1312.6114, sections 3 and 5, appendix C.1.
    """
    return dense_vae(input_shape, latent_dim, units, activation, beta)


@architecture(
    variant_of="vae",
    title="Variational auto-encoder of Louppe's lecture",
    paper="Louppe, 2023, INFO8010 Deep Learning, lecture 11 and its notebook; after "
    "Kingma & Welling, 2014",
    year=2023,
    url="https://github.com/glouppe/info8010-deep-learning",
    params=187_648,
    macs=186_400,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.01},
        },
        "loss": None,
        "batch_size": 256,
        "epochs": 10,
    },
    published=[
        "MNIST test loss 118.67 nats an image after 10 epochs (notebook of lecture 11)"
    ],
    deviations=[
        "biases do not decay, where the notebook's optimizer decays them too",
        "weights start from Glorot uniform, Keras' default, instead of torch's",
    ],
    tiny={"input_shape": (8, 8, 1), "units": (64, 64), "latent_dim": 8},
)
def louppe_vae(
    *, input_shape=(28, 28, 1), latent_dim=32, units=(100, 100), activation="relu",
    beta=1.0,
):  # fmt: skip
    """The lecture's variational auto-encoder (Louppe, 2023). Keywords as `vae`."""
    return dense_vae(input_shape, latent_dim, units, activation, beta)


@architecture(
    variant_of="vae",
    title="Convolutional variational auto-encoder",
    paper="Chollet, 2020, Variational AutoEncoder, Keras code examples; after Kingma & "
    "Welling, 2014",
    year=2020,
    url="https://keras.io/examples/generative/vae/",
    params=134_165,
    macs=6_660_928,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-3}},
        "loss": None,
        "batch_size": 128,
        "epochs": 30,
    },
    deviations=[],
    tiny={
        "input_shape": (8, 8, 1), "filters": (16, 32), "units": 32, "latent_dim": 8,
    },
)  # fmt: skip
def conv_vae(
    *, input_shape=(28, 28, 1), latent_dim=2, filters=(32, 64), units=16, beta=1.0
):
    """Convolutional variational auto-encoder (Chollet, 2020).

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 4.
        latent_dim: latent variables.
        filters: channels of the encoder's two convolutions.
        units: width of the dense layer in front of the code.
        beta: weight of the divergence in the loss.

    Returns:
        A compiled `VariationalAutoencoder`, as `vae`.

    Example:
        >>> model = kerazoo.conv_vae()

    Reference:
        https://keras.io/examples/generative/vae/
    """
    height, width, channels = input_shape
    if height % 4 or width % 4:
        raise ValueError(
            "Height and width of `input_shape` must be multiples of 4. Received: "
            f"input_shape={tuple(input_shape)}"
        )
    half = {"strides": 2, "padding": "same", "activation": "relu"}
    x = image = keras.Input(input_shape)
    x = layers.Conv2D(filters[0], 3, **half, name="conv1")(x)  # 14x14x32
    x = layers.Conv2D(filters[1], 3, **half, name="conv2")(x)  # 7x7x64
    x = layers.Flatten(name="flatten")(x)  # 3136
    x = layers.Dense(units, activation="relu", name="hidden")(x)
    encoder = keras.Model(image, gaussian(x, latent_dim), name="encoder")

    base = height // 4, width // 4, filters[1]
    x = code = keras.Input((latent_dim,))
    x = layers.Dense(math.prod(base), activation="relu", name="hidden")(x)
    x = layers.Reshape(base, name="maps")(x)  # 7x7x64
    x = layers.Conv2DTranspose(filters[1], 3, **half, name="deconv1")(x)  # 14x14x64
    x = layers.Conv2DTranspose(filters[0], 3, **half, name="deconv2")(x)  # 28x28x32
    x = layers.Conv2DTranspose(
        channels, 3, padding="same", activation="sigmoid", dtype="float32",
        name="pixels",
    )(x)  # fmt: skip
    decoder = keras.Model(code, x, name="decoder")
    return VariationalAutoencoder(encoder, decoder, beta)
