"""Learning by local rules behind plain `fit`: losses whose gradient is the rule.

A local rule (Hebb, Oja, competition, reward) says what to add to a weight, not what to
minimise. The sum of `-delta * weight`, `delta` held constant, has the gradient
`-delta`, so one step of gradient descent with rate 1 adds exactly `delta`.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerazoo")
class LocalRule(keras.losses.Loss):
    """`LocalRule()(delta, weight)`: a loss whose gradient by `weight` is `-delta`.

    In place of the weight may stand anything linear in it: the gradient then carries
    `delta` on to the weight. The value of the loss means nothing.
    """

    def call(self, delta, weight):
        return -ops.reshape(ops.sum(ops.stop_gradient(delta) * weight), (1,))


@keras.saving.register_keras_serializable(package="kerazoo")
class SelfOrganizing(keras.Sequential):
    """A chain of layers that learn by rules of their own, without targets.

    A layer takes part by a method `local_loss(x, y)` of its input and output, a sum of
    `LocalRule` losses. No gradient passes from one layer to another, and all rules act
    on the weights before the step. `fit` needs no loss and ignores targets; with
    `SGD(1.0)` a step is the rules.
    """

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        total = 0.0
        for layer in self.layers:
            output = ops.stop_gradient(layer(x))
            if hasattr(layer, "local_loss"):
                total = total + layer.local_loss(x, output)
            x = output
        return total
