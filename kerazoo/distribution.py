"""Which devices, and which strategy.

The only file that knows tf.distribute and keras.distribution. A strategy is fixed when
a model's variables are made: builders run inside `scope()`, and `placed()` rebuilds a
model that was made elsewhere.
"""

import contextlib
import functools

import keras

_NAMES = ("auto", "single", "data_parallel")


def resolve(strategy="auto"):
    """The strategy object for a name, or None for a single device.

    Data-parallel training equals training on one device, up to rounding. One exception:
    under MirroredStrategy BatchNormalization normalises each replica's share of a batch
    by that share, and the moving statistics are those of the first replica; with
    `synchronized=True` both are those of the whole batch, as always on JAX.

    Args:
        strategy: `"auto"`: all accelerators of this host (JAX: of all its processes)
            when there are several, else a single device; `"single"` or None: the
            default device; `"data_parallel"`: all devices, virtual CPU devices
            included; or a `tf.distribute.Strategy` (TensorFlow), a
            `keras.distribution.DataParallel` or `ModelParallel` (JAX).

    Raises:
        ValueError: an unknown name, or a strategy that the backend cannot run.
    """
    if strategy is None or strategy == "single":
        return None
    if isinstance(strategy, str) and strategy not in _NAMES:
        raise ValueError(
            f"`strategy` must be one of {_NAMES}, a tf.distribute.Strategy or a "
            f"distribution of keras.distribution. Received: strategy={strategy!r}"
        )
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _tensorflow(strategy)
    if backend == "jax":
        return _jax(strategy)
    if strategy == "auto":
        return None
    raise ValueError(
        f"Keras trains on one device with the {backend} backend (keras#23418); use "
        "TensorFlow or JAX for several. "
        f"Received: strategy={strategy!r}"
    )


def _tensorflow(strategy):
    import tensorflow as tf

    if isinstance(strategy, str):
        devices = tf.config.list_logical_devices("GPU")
        if strategy == "data_parallel":
            devices = devices or tf.config.list_logical_devices("CPU")
        if len(devices) < 2:
            return None
        return _mirrored(tuple(device.name for device in devices))
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        raise ValueError(
            "tf.distribute.MultiWorkerMirroredStrategy does not work under Keras 3 "
            "(keras#20585). For several hosts use KERAS_BACKEND=jax and "
            'strategy="auto" in every process.'
        )
    if isinstance(strategy, tf.distribute.Strategy):
        return strategy
    raise ValueError(
        "On the tensorflow backend `strategy` must be a name or a "
        f"tf.distribute.Strategy. Received: strategy={strategy!r}"
    )


@functools.cache
def _mirrored(devices):
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(devices))


def _jax(strategy):
    import jax

    if isinstance(strategy, str):
        platform = jax.default_backend()
        if strategy == "auto" and platform == "cpu" and jax.process_count() == 1:
            return None
        return _data_parallel() if jax.device_count() > 1 else None
    kinds = (keras.distribution.DataParallel, keras.distribution.ModelParallel)
    if isinstance(strategy, kinds):
        return strategy
    raise ValueError(
        "On the jax backend `strategy` must be a name, a "
        "keras.distribution.DataParallel or a keras.distribution.ModelParallel. "
        f"Received: strategy={strategy!r}"
    )


@functools.cache
def _data_parallel():
    return keras.distribution.DataParallel(auto_shard_dataset=False)


def _in_scope():
    """Whether the caller already chose a strategy by entering its scope."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.distribute.has_strategy()
    return keras.distribution.distribution() is not None


def scope(strategy="auto"):
    """Context in which to build a model: the caller's own scope, else `strategy`'s."""
    if _in_scope():
        return contextlib.nullcontext()
    strategy = resolve(strategy)
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def shards():
    """Equal parts into which the distribution in force divides every batch.

    keras.distribution (JAX) needs batches that can be so divided; tf.distribute does
    not, and one device takes them whole: 1.
    """
    if keras.backend.backend() != "jax" or not _in_scope():
        return 1
    return keras.distribution.distribution().device_mesh.shape[0]


def devices():
    """Names of the devices that the backend sees."""
    if keras.backend.backend() != "torch":
        return keras.distribution.list_devices()
    import torch

    return [f"cuda:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]


def _lives_in(model, strategy):
    """Whether the model's variables were made for `strategy` (None: one device)."""
    values = [variable.value for variable in model.variables]
    if keras.backend.backend() == "tensorflow":
        homes = {getattr(value, "distribute_strategy", None) for value in values}
        return homes <= {strategy}
    if keras.backend.backend() == "jax":
        homes = {frozenset(value.sharding.device_set) for value in values}
        if strategy is None:
            return all(len(devices) == 1 for devices in homes)
        names = set(strategy.device_mesh.devices.flatten())
        return all({f"{d.platform}:{d.id}" for d in home} == names for home in homes)
    return True


@contextlib.contextmanager
def placed(model, strategy="auto"):
    """Yields `model` itself, or its copy under `strategy` when it was built elsewhere.

    `"auto"` leaves a model on the several devices that it was built for. The copy has
    the model's weights, compile state and optimizer state; when the context ends, also
    by an exception, what it learned is written back into `model`.
    """
    if strategy == "auto" and not _lives_in(model, None):
        strategy = None if _in_scope() else resolve("data_parallel")
        if strategy is None or not _lives_in(model, strategy):
            yield model
            return
    strategy = resolve(strategy)
    scope = contextlib.nullcontext if strategy is None else strategy.scope
    if _lives_in(model, strategy):
        with scope():
            yield model
        return
    with scope():
        copy = model.__class__.from_config(model.get_config())
        if model.compiled:
            copy.compile_from_config(model.get_compile_config())
        _copy_state(model, copy)
    try:
        with scope():
            yield copy
    finally:
        _copy_state(copy, model)


def _copy_state(source, target):
    target.set_weights(source.get_weights())
    if source.compiled and source.optimizer.built:
        if not target.optimizer.built:
            with _birthplace(target):
                target.optimizer.build(target.trainable_variables)
        for old, new in zip(
            source.optimizer.variables, target.optimizer.variables, strict=True
        ):
            new.assign(keras.ops.convert_to_numpy(old))


def _birthplace(model):
    """The scope that a model was built in, where TensorFlow asks for it again."""
    if keras.backend.backend() == "tensorflow":
        return model.distribute_strategy.scope()
    return contextlib.nullcontext()
