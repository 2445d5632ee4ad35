"""Ensembles: several models as one, whose prediction combines theirs."""

import keras
from keras import layers

from kerazoo import catalog
from kerazoo.architecture import describe
from kerazoo.layers.gaussian import GaussianMoments, GaussianNLL, MeanPrediction


@keras.saving.register_keras_serializable(package="kerazoo")
class Ensemble(keras.Model):
    """Models side by side on the same input.

    `predict`, `evaluate` and `model(x)` give the combined prediction. In training
    every member has its own loss, and their sum is minimised: a step of the ensemble
    is a step of each member alone, on the same batch. (Not where the optimizer clips
    the norm of all gradients together: these are then all members'.) Metrics see the
    combination.

    Args:
        members: list of models of one input and one output, of the same shapes.
        combine: layer that makes one tensor of the list of their outputs.
        architecture: builder whose card says how inputs are prepared, or None.

    Attributes:
        members: the models, in order.
    """

    def __init__(self, members, combine, architecture=None, **keywords):
        like = members[0].inputs[0]
        inputs = keras.Input(like.shape[1:], dtype=like.dtype)
        outputs = combine([member(inputs) for member in members])
        super().__init__(inputs, outputs, **keywords)
        self.combine = combine
        if architecture is not None:
            self.architecture = architecture

    @property
    def members(self):
        """The models, in order."""
        return [layer for layer in self.layers if isinstance(layer, keras.Model)]

    def call(self, inputs, training=None, mask=None):
        if not training:
            return super().call(inputs, training=training, mask=mask)
        outputs = [member(inputs, training=True) for member in self.members]
        for member, output in zip(self.members, outputs, strict=True):
            if isinstance(output, list):
                raise ValueError(
                    f"{member.name!r} has {len(output)} outputs while it trains. "
                    "Train it alone, and then make the ensemble."
                )
        return outputs

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        loss = super().compute_loss
        if not isinstance(y_pred, list):
            return loss(x, y, y_pred, sample_weight, training)
        total = sum(loss(x, y, one, sample_weight, training) for one in y_pred)
        # Each of these losses holds the regularisers of all members.
        return total - (len(y_pred) - 1) * sum(self.losses)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if isinstance(y_pred, list):
            y_pred = self.combine(y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "members": [keras.saving.serialize_keras_object(m) for m in self.members],
            "combine": keras.saving.serialize_keras_object(self.combine),
            "architecture": getattr(self, "architecture", None),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        members, combine = (
            keras.saving.deserialize_keras_object(
                config.pop(key), custom_objects=custom_objects
            )
            for key in ("members", "combine")
        )
        return cls(members, combine, **config)


def ensemble(models, *, name="ensemble"):
    """Several models as one, which gives the mean of their probabilities.

    How every winner of ILSVRC was measured. Top-5 error on the ImageNet test set, the
    ensembles of He et al. (2016, Table 5; `kerazoo.tables.ILSVRC_ENSEMBLES`):

        VGG (ILSVRC'14)       7.32 %
        GoogLeNet (ILSVRC'14) 6.66 %
        VGG (v5)              6.8 %
        PReLU-net             4.94 %
        BN-inception          4.82 %
        ResNet (ILSVRC'15)    3.57 %

    Probabilities are averaged in float32, whatever precision the members compute in;
    a member that ends in logits is given a softmax. Regressors that predict a Gaussian
    are combined into one Gaussian, others by their mean. `kerazoo.fit` of an ensemble
    trains every member as if alone.

    Args:
        models: list of two or more compiled models of one input and output, of the
            same shapes. They are copied, weights included.
        name: name of the ensemble; its members are called after theirs, numbered.

    Returns:
        An `Ensemble`, compiled with the optimizer, loss and metrics of the first model.

    Raises:
        TypeError: no list, or something in it is no `keras.Model`.
        ValueError: fewer than two models, one that is not compiled, or models that
            differ in input, output, or in how their cards prepare an image.

    Example:
        >>> models = [kerazoo.load(f"runs/{seed}/best.keras") for seed in range(5)]
        >>> committee = kerazoo.ensemble(models)
        >>> kerazoo.evaluate(committee, "digits")

    Reference:
        arXiv:1512.03385, Table 5.
    """
    if isinstance(models, keras.Model) or not hasattr(models, "__iter__"):
        raise TypeError(f"`models` must be a list of keras.Model. Received: {models!r}")
    models = list(models)
    _check(models)
    members = [_copy(model, number) for number, model in enumerate(models, 1)]
    first = models[0]
    architecture = getattr(first, "architecture", first.name)
    if architecture not in catalog.cards():
        architecture = None
    together = Ensemble(members, combiner(first), architecture, name=name)
    if architecture is not None:
        recipe = getattr(first, "recipe", catalog.card(architecture).recipe)
        describe(together, architecture, recipe)
    compile_like(together, first)
    return together


def combiner(model):
    """The layer that makes one prediction of several of a compiled model's kind."""
    kind = GaussianMoments if isinstance(model.loss, GaussianNLL) else MeanPrediction
    return kind(dtype="float32", name="combination")


def compile_like(model, other):
    """Compiles a model whose outputs are probabilities as another, maybe of logits."""
    settings = other.get_compile_config()
    if ends_in_logits(other):
        settings["loss"]["config"]["from_logits"] = False
    model.compile(**keras.saving.deserialize_keras_object(settings))


def ends_in_logits(model):
    """Whether a compiled classifier lacks its softmax."""
    return getattr(model.loss, "from_logits", False)


def _check(models):
    for model in models:
        if not isinstance(model, keras.Model):
            raise TypeError(
                f"`models` must be a list of keras.Model. Received: {model!r}"
            )
    if len(models) < 2:
        raise ValueError(
            f"`models` must hold at least two models. Received: {len(models)}"
        )
    for model in models:
        if not model.compiled:
            raise ValueError(
                f"{model.name!r} is not compiled, so there is no knowing whether it "
                "ends in probabilities or in logits. Call model.compile first."
            )
        for what, of in (
            ("takes inputs of shape", lambda model: model.input_shape),
            ("gives outputs of shape", lambda model: model.output_shape),
            ("needs images prepared by", _preprocess),
        ):
            if of(model) != of(models[0]):
                raise ValueError(
                    f"{model.name!r} {what} {of(model)}, but {models[0].name!r} of the "
                    f"same ensemble {of(models[0])}."
                )


def _preprocess(model):
    card = catalog.cards().get(getattr(model, "architecture", model.name))
    return dict(card.preprocess) if card else {}


def _copy(model, number):
    """The model with a name of its own; what trains it is left behind."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.name = f"{model.name}_{number}"
    if ends_in_logits(model):
        softmax = layers.Softmax(dtype="float32", name="softmax")
        copy = keras.Sequential([copy, softmax], name=copy.name)
    return copy
