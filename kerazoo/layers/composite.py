"""Models made of named parts, with objectives that are no loss of (y, y_pred).

Shared by the generative models: auto-encoders, variational ones, adversarial pairs.
"""

import keras


@keras.saving.register_keras_serializable(package="kerazoo")
class Composite(keras.Model):
    """A functional model that is made of other models or layers, and saves them.

    A subclass names them in `PARTS`: its constructor takes them by these names, calls
    `super().__init__(inputs, outputs, **keywords)` and keeps them as attributes. Parts
    that the outputs do not need are trained and saved all the same.
    """

    PARTS = ()

    def get_config(self):
        parts = {name: getattr(self, name) for name in self.PARTS}
        return {
            "name": self.name,
            "trainable": self.trainable,
            **{k: keras.saving.serialize_keras_object(v) for k, v in parts.items()},
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in cls.PARTS
        }
        return cls(**{**config, **parts})


@keras.saving.register_keras_serializable(package="kerazoo")
class PerExample(keras.losses.Loss):
    """A loss whose values are there already, one for each example."""

    def call(self, y_true, y_pred):
        return y_pred


def mean_loss(values, sample_weight=None):
    """The loss of a batch, from a value for each of its examples.

    Plain `ops.mean` would be wrong under tf.distribute, where only what comes from a
    `keras.losses.Loss` is divided by the number of replicas.

    Args:
        values: tensor `(batch,)`.
        sample_weight: weights of the examples, or None.
    """
    return PerExample()(values, values, sample_weight)
