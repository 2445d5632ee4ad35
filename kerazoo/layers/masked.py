"""Loss and accuracy of sequences that are filled up with padding."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerazoo")
class MaskedCrossentropy(keras.losses.Loss):
    """Cross-entropy per token, in nats; padding does not count.

    With label smoothing the target is a mixture of the right token and the uniform
    distribution over all of them (Szegedy et al., 2016, section 7), of which the
    cross-entropy is `(1 - s) * nll - s * mean(log p)`: nothing is one-hot.

    Targets: token ids `(batch, tokens)`. Predictions: logits
    `(batch, tokens, vocabulary)`.

    Args:
        label_smoothing: share of the uniform distribution in the target.
        padding: token id that fills up the targets.
        **keywords: as in `keras.losses.Loss`.
    """

    def __init__(self, label_smoothing=0.0, padding=0, **keywords):
        super().__init__(**keywords)
        self.label_smoothing, self.padding = label_smoothing, padding

    def call(self, y_true, y_pred):
        targets = ops.cast(y_true, "int32")
        # log p = logit - log sum exp: the probabilities themselves are not kept.
        norm = ops.logsumexp(y_pred, axis=-1)
        right = ops.take_along_axis(y_pred, targets[..., None], axis=-1)[..., 0]
        wanted = (1 - self.label_smoothing) * right
        if self.label_smoothing:
            wanted = wanted + self.label_smoothing * ops.mean(y_pred, axis=-1)
        is_token = ops.cast(targets != self.padding, y_pred.dtype)
        # The mean over all entries is then the mean over the tokens.
        scale = 1 / ops.maximum(ops.mean(is_token), 1e-9)
        return (norm - wanted) * is_token * scale

    def get_config(self):
        own = {"label_smoothing": self.label_smoothing, "padding": self.padding}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="kerazoo")
class MaskedAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """Share of the tokens, padding apart, that are the most probable ones.

    Args:
        padding: token id that fills up the targets.
        **keywords: as in `keras.metrics.SparseCategoricalAccuracy`.
    """

    def __init__(self, name="accuracy", padding=0, **keywords):
        super().__init__(name=name, **keywords)
        self.padding = padding

    def update_state(self, y_true, y_pred, sample_weight=None):
        is_token = ops.cast(ops.not_equal(y_true, self.padding), self.dtype)
        if sample_weight is not None:
            is_token = is_token * sample_weight
        return super().update_state(y_true, y_pred, is_token)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
