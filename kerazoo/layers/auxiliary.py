"""Auxiliary classifiers: heads that help to train a network and are then dropped.

Shared by GoogLeNet (weight 0.3) and Inception-v3 (weight 0.4). A builder ends in

    WithAuxiliaryHeads(inputs, main, [aux1, aux2], weight=0.3)

instead of `keras.Model(inputs, main)`; nothing else changes for whoever trains,
evaluates, predicts, saves or loads the model.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerazoo")
class WithAuxiliaryHeads(keras.Model):
    """A functional model with one output, and further classifiers while it trains.

    The training loss is `loss(main) + weight * sum(loss(head))`, every head against
    the same labels. Metrics see the main output. At inference the heads are not run:
    `predict`, `evaluate` and `model(x)` are those of `keras.Model(inputs, outputs)`.
    `model(x, training=True)` gives the list `[main, *heads]`. Losses that layers add
    themselves (regularisers) would count with every head: decay weights in the
    optimizer.

    Args:
        inputs: the input tensor.
        outputs: the main output tensor.
        heads: list of the auxiliary output tensors, shaped as `outputs`.
        weight: factor of each head's loss.
    """

    def __init__(self, inputs, outputs, heads, weight, **keywords):
        super().__init__(inputs, outputs, **keywords)
        self.weight = weight
        self.training_network = keras.Model(
            inputs, [outputs, *heads], name="training_network"
        )

    @property
    def layers(self):
        """All layers, those of the heads included."""
        # The base class asks while it is constructed, before there are heads.
        network = getattr(self, "training_network", super())
        return network.layers

    def call(self, inputs, training=None, mask=None):
        if training:
            return self.training_network(inputs, training=True, mask=mask)
        return super().call(inputs, training=training, mask=mask)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        loss = super().compute_loss
        if not isinstance(y_pred, list):
            return loss(x, y, y_pred, sample_weight, training)
        main, *heads = [loss(x, y, p, sample_weight, training) for p in y_pred]
        return main + self.weight * ops.sum(heads)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if isinstance(y_pred, list):
            y_pred = y_pred[0]
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "weight": self.weight,
            "network": keras.saving.serialize_keras_object(self.training_network),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        network = keras.saving.deserialize_keras_object(
            config.pop("network"), custom_objects=custom_objects
        )
        main, *heads = network.outputs
        return cls(network.input, main, heads, **config)
