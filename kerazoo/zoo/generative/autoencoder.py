"""Auto-encoders: networks that must say an image again through a narrow code.

Hinton and Salakhutdinov (2006) showed that a deep auto-encoder compresses better than
principal components. Vincent et al. (2008) spoil the input and ask for the clean image:
the network can then no longer copy, and learns what images look like. Both stand here
on the convolutional network of Fleuret's course, whose results the lectures show.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.composite import Composite


def convolutional_encoder(input_shape, code, filters):
    """Five convolutions without padding, down to one position of `code` channels."""
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 28x28x1
            layers.Conv2D(filters, 5, activation="relu", name="conv1"),  # 24x24x32
            layers.Conv2D(filters, 5, activation="relu", name="conv2"),  # 20x20x32
            layers.Conv2D(filters, 4, 2, activation="relu", name="conv3"),  # 9x9x32
            layers.Conv2D(filters, 3, 2, activation="relu", name="conv4"),  # 4x4x32
            layers.Conv2D(code, _extent(input_shape), name="code"),  # 1x1x8
        ],
        name="encoder",
    )


def convolutional_decoder(input_shape, code, filters):
    """The encoder in a mirror, by transposed convolutions."""
    extent, channels = _extent(input_shape), input_shape[-1]
    return keras.Sequential(
        [
            keras.Input((1, 1, code)),  # 1x1x8
            layers.Conv2DTranspose(filters, extent, activation="relu", name="deconv1"),
            layers.Conv2DTranspose(filters, 3, 2, activation="relu", name="deconv2"),
            layers.Conv2DTranspose(filters, 4, 2, activation="relu", name="deconv3"),
            layers.Conv2DTranspose(filters, 5, activation="relu", name="deconv4"),
            layers.Conv2DTranspose(channels, 5, dtype="float32", name="deconv5"),
        ],
        name="decoder",
    )  # 4x4x32, 9x9x32, 20x20x32, 24x24x32, 28x28x1


def _extent(input_shape):
    """Height and width behind the fourth convolution; the mirror must be exact."""
    if any(size < 16 or size % 4 for size in input_shape[:2]):
        raise ValueError(
            "Height and width of `input_shape` must be multiples of 4 from 16 on. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return [size // 4 - 3 for size in input_shape[:2]]


@architecture(
    title="Auto-encoder",
    paper="Hinton & Salakhutdinov, 2006, Reducing the dimensionality of data with "
    "neural networks, Science 313; network of Fleuret, 2018, Deep Learning Course",
    year=2006,
    url="doi:10.1126/science.1127647",
    task="image reconstruction",
    lectures=[
        "001: Lecture 11: Auto-encoders and variational auto-encoders",
        "002: Generative models & unsupervised learning",
        "004: 9. Auto-encoders, embeddings, and generative models",
    ],
    dataset="mnist",
    offline="digits",
    params=112_457,
    macs=24_358_912,
    variants={
        "code 2": {"config": {"code": 2}, "params": 106_307},
        "code 4": {"config": {"code": 4}, "params": 108_357},
        "code 16": {"config": {"code": 16}, "params": 120_657},
        "code 32": {"config": {"code": 32}, "params": 137_057},
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-3}},
        "loss": "mean_squared_error",
        "batch_size": 100,
        "epochs": 25,
    },
    preprocess={"mean": 0.0, "std": 255.0, "target": "image"},
    deviations=[
        "convolutional, with ReLU and a quadratic loss, as in the lectures; the "
        "paper's is 784-1000-500-250-30 and back, of logistic units",
        "trained at once from random weights; the paper pretrains a stack of "
        "restricted Boltzmann machines",
    ],
    tiny={"input_shape": (16, 16, 1), "filters": 16},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 30,
    },
    learns={"loss": 0.009},
)
def autoencoder(*, input_shape=(28, 28, 1), code=8, filters=32):
    """Convolutional auto-encoder (Hinton & Salakhutdinov, 2006; Fleuret, 2018).

    Two sub-models: `model.get_layer("encoder")` gives the codes of images, and
    `model.get_layer("decoder")` the images of codes.

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 4 from 16 on.
        code: numbers that describe an image.
        filters: channels of the inner layers.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats in 0..1 to
        their reconstructions.

    Example:
        >>> model = kerazoo.autoencoder(code=2)
        >>> codes = model.get_layer("encoder").predict(images)

    Reference:
        doi:10.1126/science.1127647; https://fleuret.org/dlc/, auto-encoders.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            convolutional_encoder(input_shape, code, filters),
            convolutional_decoder(input_shape, code, filters),
        ]
    )


@keras.saving.register_keras_serializable(package="kerazoo")
class Corruption(layers.Layer):
    """Spoils images while a model trains; at inference they pass as they are.

    Args:
        kind: `"erasure"` sets each pixel to 0 with probability `level`; `"gaussian"`
            adds noise of standard deviation `level`; `"block"` sets one square with
            the share `level` of the sides to 0.
        level: how much.
    """

    KINDS = ("erasure", "gaussian", "block")

    def __init__(self, kind, level, **keywords):
        super().__init__(**keywords)
        if kind not in self.KINDS:
            raise ValueError(
                f"`corruption` must be one of {self.KINDS}. Received: {kind!r}"
            )
        self.kind = kind
        self.level = level
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images, training=None):
        return self.corrupt(images) if training else images

    def corrupt(self, images):
        """Spoilt images, in training or not."""
        images = ops.convert_to_tensor(images)
        batch, height, width, _ = ops.shape(images)
        if self.kind == "gaussian":
            noise = keras.random.normal(ops.shape(images), seed=self.seed_generator)
            return images + self.level * ops.cast(noise, images.dtype)
        if self.kind == "erasure":
            shape = batch, height, width, 1
            draw = keras.random.uniform(shape, seed=self.seed_generator)
            return images * ops.cast(draw >= self.level, images.dtype)
        rows = self._within(batch, height)
        columns = self._within(batch, width)
        block = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        return ops.where(block, ops.zeros_like(images), images)

    def _within(self, batch, size):
        """`(batch, size)`: which positions a block at a random place covers."""
        extent = round(self.level * size)
        draw = keras.random.uniform((batch, 1), seed=self.seed_generator)
        start = ops.floor(draw * (size - extent + 1))
        position = ops.arange(size, dtype="float32")[None]
        return ops.logical_and(position >= start, position < start + extent)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "level": self.level}


@keras.saving.register_keras_serializable(package="kerazoo")
class DenoisingAutoencoder(Composite):
    """An auto-encoder behind a `Corruption`; `fit(images, images)` spoils by itself.

    Evaluation gives the `loss` on clean images and, with freshly spoilt ones, the
    `denoising_error`: the mean squared difference to the clean image.

    Args:
        corruption: the `Corruption` layer.
        autoencoder: the model that cleans.
    """

    PARTS = ("corruption", "autoencoder")

    def __init__(self, corruption, autoencoder, **keywords):
        image = keras.Input(autoencoder.input_shape[1:])
        super().__init__(image, autoencoder(corruption(image)), **keywords)
        self.corruption = corruption
        self.autoencoder = autoencoder
        self.denoising_error = keras.metrics.Mean(name="denoising_error")

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        cleaned = y_pred
        if not training:
            cleaned = self.autoencoder(self.corruption.corrupt(x), training=False)
        error = ops.square(ops.subtract(y, cleaned))
        self.denoising_error.update_state(error, sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, training)


@architecture(
    title="Denoising auto-encoder",
    paper="Vincent, Larochelle, Bengio & Manzagol, 2008, Extracting and composing "
    "robust features with denoising autoencoders, ICML",
    year=2008,
    url="doi:10.1145/1390156.1390294",
    task="image denoising",
    lectures=[
        "001: Lecture 11: Denoising auto-encoders",
        "004: 9. Auto-encoders, embeddings, and generative models",
    ],
    dataset="mnist",
    offline="digits",
    params=112_457,
    macs=24_358_912,
    variants={
        "gaussian 0.5": {
            "config": {"corruption": "gaussian", "level": 0.5},
            "params": 112_457,
        },
        "block": {"config": {"corruption": "block", "level": 0.5}, "params": 112_457},
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-3}},
        "loss": "mean_squared_error",
        "batch_size": 100,
        "epochs": 25,
    },
    preprocess={"mean": 0.0, "std": 255.0, "target": "image"},
    deviations=[
        "the convolutional network of the lectures, trained at once; the paper stacks "
        "single layers of logistic units",
        "quadratic loss, as in the lectures, where the paper takes the cross-entropy",
        "each pixel is erased with the same probability; the paper erases a fixed "
        "number of them",
    ],
    tiny={"input_shape": (16, 16, 1), "filters": 16, "code": 32, "level": 0.75},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 40,
    },
    learns={"denoising_error": 0.014},
)
def denoising_autoencoder(
    *, input_shape=(28, 28, 1), code=8, filters=32, corruption="erasure", level=0.5
):
    """Denoising auto-encoder (Vincent et al., 2008), on the convolutional network.

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 4 from 16 on.
        code: numbers that describe an image.
        filters: channels of the inner layers.
        corruption: how images are spoilt: `"erasure"` of pixels with probability
            `level`, `"gaussian"` noise of standard deviation `level`, `"block"`: a
            square of `level` times height and width erased.
        level: strength of the corruption.

    Returns:
        A compiled `DenoisingAutoencoder`, `(batch, *input_shape)` floats in 0..1 to the
        clean images behind them. Images are spoilt in training only; `model.corruption.
        corrupt(images)` spoils images to try it on.

    Example:
        >>> model = kerazoo.denoising_autoencoder(corruption="gaussian")
        >>> kerazoo.fit(model, "digits")

    Reference:
        doi:10.1145/1390156.1390294, section 2.3.
    """
    network = keras.Sequential(
        [
            keras.Input(input_shape),
            convolutional_encoder(input_shape, code, filters),
            convolutional_decoder(input_shape, code, filters),
        ],
        name="autoencoder",
    )
    return DenoisingAutoencoder(
        Corruption(corruption, level, name="corruption"), network
    )
