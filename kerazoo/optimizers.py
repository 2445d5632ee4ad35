"""Optimizers and learning-rate schedules of the papers' recipes."""

import re

import keras
from keras import ops

# Slopes of PReLU and biases, where they have several axes. TensorFlow's name of a
# variable has its layer's in front, and behind it a replica's number and its own.
_SPARED = r"(^|/)(alpha|bias)(/replica_\d+)?(:\d+)?$"


@keras.saving.register_keras_serializable(package="kerazoo")
class SGD(keras.optimizers.SGD):
    """Stochastic gradient descent whose weight decay is an L2 term in the gradient.

    That is the decay of the papers: it enters the momentum, where Keras' `weight_decay`
    is decoupled and at momentum 0.9 ten times weaker. It acts on weights of two or more
    dimensions; biases of any shape, the scales of normalisation and the slopes `alpha`
    of PReLU are left alone.

    Args:
        l2: the papers' weight decay, e.g. 5e-4.
        learning_rate, momentum, nesterov: as in `keras.optimizers.SGD`.
        **keywords: as well.
    """

    def __init__(
        self, learning_rate=0.01, momentum=0.0, nesterov=False, l2=0.0, **keywords
    ):
        super().__init__(learning_rate, momentum, nesterov, **keywords)
        self.l2 = l2

    def update_step(self, gradient, variable, learning_rate):
        spared = len(variable.shape) < 2 or re.search(_SPARED, variable.name)
        if self.l2 and not spared:
            gradient = gradient + self.l2 * ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}


@keras.saving.register_keras_serializable(package="kerazoo")
class AdamW(keras.optimizers.AdamW):
    """AdamW that leaves biases, normalisation and layer scales out of the decay.

    Args:
        **keywords: as in `keras.optimizers.AdamW`.
    """

    def __init__(self, **keywords):
        super().__init__(**keywords)
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "alpha"])


def get(identifier):
    """An optimizer from `{"class_name", "config"}`; kerazoo's SGD and AdamW by name.

    Args:
        identifier: mapping with `class_name` (`"SGD"` and `"AdamW"` are the classes of
            this module, everything else is Keras') and `config`. The config of a
            `"MultiOptimizer"` maps patterns to optimizers, identifiers like this one:
            a variable is trained by the one whose pattern matches its whole path, or
            by the last.
    """
    if identifier["class_name"] == "MultiOptimizer":
        parts = {pattern: get(part) for pattern, part in identifier["config"].items()}
        *_, last = parts.values()
        return keras.optimizers.MultiOptimizer(
            keras.optimizers.OptimizerMap(last, parts)
        )
    own = {"SGD": SGD, "AdamW": AdamW}.get(identifier["class_name"])
    if own is not None:
        return own(**identifier["config"])
    return keras.optimizers.get(identifier)


KINDS = (
    "constant", "step", "exponential", "cosine", "linear", "one_cycle", "inverse_sqrt",
)  # fmt: skip


@keras.saving.register_keras_serializable(package="kerazoo")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate as a function of the epoch, as papers state it.

    Args:
        learning_rate: the base rate (the peak of `one_cycle` and `inverse_sqrt`).
        steps_per_epoch: updates per epoch.
        total_epochs: length of the run in epochs.
        kind: `"constant"`; `"step"`: times `factor` at every epoch of `epochs`;
            `"exponential"`: times `factor` after each `every` epochs; `"cosine"` and
            `"linear"`: down to zero; `"one_cycle"`: up from a tenth during the first
            `warmup` share of the run, then linearly down to zero; `"inverse_sqrt"`:
            from the end of the warm-up as the inverse square root of the updates.
        epochs: epochs at which `"step"` multiplies.
        factor: multiplier of `"step"` and `"exponential"`.
        every: epochs between the multiplications of `"exponential"`.
        warmup_epochs: epochs of linear warm-up from zero, before all but `"one_cycle"`.
        warmup_steps: updates of linear warm-up, in place of `warmup_epochs`.
        warmup: share of the run in which `"one_cycle"` rises.
        start_step: update at which the run starts (a second fit starts afresh).
    """

    def __init__(
        self, learning_rate, *, steps_per_epoch, total_epochs, kind, epochs=(),
        factor=0.1, every=1, warmup_epochs=0, warmup_steps=0, warmup=0.3,
        start_step=0,
    ):  # fmt: skip
        if kind not in KINDS:
            raise ValueError(
                f"`kind` of a schedule must be one of {KINDS}. Received: kind={kind!r}"
            )
        self.config = {
            "learning_rate": learning_rate,
            "steps_per_epoch": steps_per_epoch,
            "total_epochs": total_epochs,
            "kind": kind,
            "epochs": list(epochs),
            "factor": factor,
            "every": every,
            "warmup_epochs": warmup_epochs,
            "warmup_steps": warmup_steps,
            "warmup": warmup,
            "start_step": start_step,
        }

    def __call__(self, step):
        c = self.config
        step = ops.cast(step, "float32") - c["start_step"]
        epoch = step / c["steps_per_epoch"]
        if c["kind"] == "one_cycle":
            done = ops.clip(epoch / c["total_epochs"], 0.0, 1.0)
            up = 0.1 + 0.9 * done / c["warmup"]
            down = (1.0 - done) / (1.0 - c["warmup"])
            return c["learning_rate"] * ops.minimum(up, down)
        warm = c["warmup_steps"] / c["steps_per_epoch"] or c["warmup_epochs"]
        done = ops.clip((epoch - warm) / max(c["total_epochs"] - warm, 1e-9), 0.0, 1.0)
        scale = ops.ones_like(done)
        if c["kind"] == "step":
            for boundary in c["epochs"]:
                scale = ops.where(epoch >= boundary, scale * c["factor"], scale)
        elif c["kind"] == "exponential":
            scale = c["factor"] ** ops.floor(epoch / c["every"])
        elif c["kind"] == "cosine":
            scale = 0.5 * (1.0 + ops.cos(3.141592653589793 * done))
        elif c["kind"] == "linear":
            scale = 1.0 - done
        elif c["kind"] == "inverse_sqrt":
            past = (step + 1) / max(warm * c["steps_per_epoch"], 1)
            scale = 1 / ops.sqrt(ops.maximum(past, 1.0))
        if warm:
            scale = scale * ops.minimum(1.0, (step + 1) / (warm * c["steps_per_epoch"]))
        return c["learning_rate"] * scale

    def get_config(self):
        return dict(self.config)
