"""Pooling of older libraries that Keras lacks."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerazoo")
class ClippedAveragePooling2D(layers.AveragePooling2D):
    """Means over windows that reach over the border, of what they see inside the map.

    `AveragePooling2D(padding="same")`, of which Keras makes something else on torch:
    where it must pad one side more than the other, pixels of the border count twice.

    Args:
        pool_size, strides: as in `keras.layers.AveragePooling2D`.

    Input and output shape: `(batch, height, width, channels)`.
    """

    def __init__(self, pool_size, strides, **keywords):
        super().__init__(pool_size, strides, padding="same", **keywords)

    def call(self, inputs):
        if None in inputs.shape[1:3]:  # TensorFlow's, which clips
            return super().call(inputs)
        frame = [(0, 0)]
        sizes = zip(inputs.shape[1:3], self.pool_size, self.strides, strict=True)
        for size, window, stride in sizes:
            beyond = max((-(-size // stride) - 1) * stride + window - size, 0)
            frame.append((beyond // 2, beyond - beyond // 2))
        frame.append((0, 0))
        inside = ops.ones((1, *inputs.shape[1:3], 1), dtype=inputs.dtype)
        total, share = (
            ops.average_pool(ops.pad(x, frame), self.pool_size, self.strides, "valid")
            for x in (inputs, inside)
        )
        return total / share

    def get_config(self):
        config = super().get_config()
        del config["padding"]
        return config
