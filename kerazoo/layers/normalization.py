"""Normalisation layers of the papers that Keras lacks."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerazoo")
class LocalResponseNormalization(layers.Layer):
    """Divides each channel by the energy of its neighbouring channels.

    `y_i = x_i / (bias + alpha * sum_j x_j^2)^beta` over the `size` channels j around i
    (Krizhevsky et al., 2012, section 3.3). Caffe and torch divide `alpha` by `size`.

    Args:
        size: number of channels in the sum, odd.
        alpha, beta, bias: constants of the formula; the paper's by default.

    Input and output shape: `(batch, height, width, channels)`.
    """

    def __init__(self, size=5, alpha=1e-4, beta=0.75, bias=2.0, **keywords):
        super().__init__(**keywords)
        self.size, self.alpha, self.beta, self.bias = size, alpha, beta, bias

    def call(self, x):
        reach = self.size // 2
        channels = x.shape[-1]
        energy = ops.pad(ops.square(x), [[0, 0], [0, 0], [0, 0], [reach, reach]])
        energy = sum(energy[..., i : i + channels] for i in range(self.size))
        return x / ops.power(self.bias + self.alpha * energy, self.beta)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "bias": self.bias,
        }
