"""fit, evaluate and load: data, devices and defaults settled, then plain Keras."""

import contextlib
import importlib
import json
import logging
import math
import os
import pathlib
import shutil
import signal
import threading
import time
import zipfile

import keras
import numpy as np

from kerazoo import catalog, datasets, distribution, report
from kerazoo.architecture import create, describe
from kerazoo.datasets import architecture_of, experience, recipe_of
from kerazoo.optimizers import Schedule

log = logging.getLogger("kerazoo")


def fit(
    model_or_name,
    data=None,
    *,
    epochs=None,
    batch_size=None,
    strategy="auto",
    checkpoint_dir=None,
    resume=False,
    seed=None,
    **fit_keywords,
):
    """Trains a model by the recipe of its card; thin over `keras.Model.fit`.

    Ctrl-C ends the run after the current batch and keeps what was learned.

    Args:
        model_or_name: a compiled model, or a builder's name.
        data: None for the dataset of the card; a name (`"mnist"`, `"digits"`,
            `"tfds:name/config:version"`); for agents an environment (`"catch"`,
            `"CartPole-v1"`); `(x, y)`; or whatever `keras.Model.fit` takes as `x`.
        epochs: passes over the data, of agents generations; the recipe's by default.
        batch_size: examples in a batch over all devices; the recipe's by default.
        strategy: `"auto"` (all GPUs of the host), `"single"`, `"data_parallel"`, or a
            strategy object; see `kerazoo.distribution.resolve`.
        checkpoint_dir: folder for `last.keras` and `best.keras` (least validation loss,
            else training loss; of agents, highest return), both written atomically
            after every epoch. The many short epochs of agents are written as often as
            that takes little of the time; their memory goes with `last.keras`. At the
            end `learning_curve.png` is drawn beside them.
        resume: whether to continue from `last.keras` of `checkpoint_dir`, if it is
            there, up to `epochs` in all.
        seed: fixes weights (of a model built here), order, augmentation and dropout.
        **fit_keywords: further keywords of `keras.Model.fit`. `validation_data` may be
            the name of a split, e.g. `"test"`; a named dataset's own validation split
            is used by default.

    Returns:
        The `keras.callbacks.History`, epochs before a resume included.

    Raises:
        ValueError: nothing to train, data that do not fit the model, an unknown name,
            or a `checkpoint_dir` that holds another run.
        FileNotFoundError: the dataset is not on disk and cannot be downloaded.
        FloatingPointError: the loss became NaN or infinite.

    Example:
        >>> model = kerazoo.fleuret_mnist()
        >>> kerazoo.fit(model, "digits", epochs=20, checkpoint_dir="runs/digits")
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    model = create(model_or_name) if isinstance(model_or_name, str) else model_or_name
    _check_trainable(model)
    recipe = recipe_of(model)
    epochs = _positive("epochs", epochs, recipe.get("epochs", 1))
    batch_size = _positive("batch_size", batch_size, recipe.get("batch_size", 32))
    checkpoint = _Checkpoint.at(checkpoint_dir, resume, model)
    first_epoch = checkpoint.state["epochs_done"]

    with distribution.placed(model, strategy) as placed:
        train, keywords = _training_data(
            model, data, recipe, batch_size,
            None if seed is None else seed + first_epoch, fit_keywords,
        )  # fmt: skip
        start = checkpoint.state["start_step"]
        if start is None:
            start = checkpoint.state["start_step"] = _iterations(placed)
        steps = _steps_per_epoch(train, keywords, batch_size)
        for each in {model, placed}:  # a copy's optimizer goes back into the model's
            _set_schedule(each, recipe, steps, epochs, start)
        _group_steps(placed, recipe)
        lived = train if isinstance(train, experience.Experience) else None
        if lived is not None:
            lived.attach(placed)
        checkpoint.restore(placed, lived)
        past = {name: [*values] for name, values in checkpoint.state["past"].items()}
        watch = _Watch()
        checkpoint.watch = watch
        keywords["callbacks"] = [
            *([] if lived is None else [experience.Progress(lived)]),
            *(keywords.get("callbacks") or ()),
            watch,
            *([checkpoint] if checkpoint_dir is not None else ()),
        ]
        with watch.interruptible():
            history = placed.fit(
                train, epochs=epochs, initial_epoch=first_epoch, **keywords
            )
    history.set_model(model)
    history.epoch = [*range(first_epoch), *history.epoch]
    for name, values in past.items():
        history.history[name] = [*values, *history.history.get(name, ())]
    if watch.diverged:
        raise FloatingPointError(
            f"The loss of {model.name!r} became {watch.diverged} in epoch "
            f"{history.epoch[-1] + 1}. Lower the learning rate, check that the inputs "
            "are finite and standardised, or clip gradients "
            '(recipe={"optimizer": ...}).'
        )
    if checkpoint_dir is not None and history.epoch:
        report.learning_curves(history, checkpoint.directory / "learning_curve.png")
    return history


def evaluate(model, data=None, *, split=None, batch_size=None, **evaluate_keywords):
    """Measures a model; thin over `keras.Model.evaluate`.

    Args:
        model: a compiled model, or the path of a `.keras` file.
        data: as for `fit`. In an environment, greedy episodes are played and their
            returns measured.
        split: split of a named dataset; its labelled test set by default, else its
            validation set.
        batch_size: examples in a batch; the recipe's by default.
        **evaluate_keywords: further keywords of `keras.Model.evaluate`; for an
            environment `episodes`, `epsilon` (share of random actions) and `seed`.

    Returns:
        Mapping from metric name to value.

    Raises:
        ValueError, FileNotFoundError: as `fit`.
    """
    if isinstance(model, str | os.PathLike):
        model = load(model)
    recipe = recipe_of(model)
    batch_size = _positive("batch_size", batch_size, recipe.get("batch_size", 32))
    evaluate_keywords.setdefault("return_dict", True)
    name = datasets.name_for(model, data)
    if name is None:
        if split is not None:
            raise ValueError(
                "`split` goes with the name of a dataset. "
                f"Received: split={split!r} and data of {type(data).__name__}"
            )
        data, y = _unpack(data, evaluate_keywords)
        _check_arrays(model, data, y)
        if not _is_dataset(data):
            evaluate_keywords["batch_size"] = batch_size
        return model.evaluate(data, **evaluate_keywords)
    source = datasets.find(name, model)
    if source.kind == "environments":
        for key in ("return_dict", "verbose"):
            evaluate_keywords.pop(key, None)
        return experience.evaluate(model, source, **evaluate_keywords)
    test = datasets.batches(
        source,
        split or datasets.evaluation_split(source),
        model,
        batch_size=batch_size,
        training=False,
    )
    return model.evaluate(test, **evaluate_keywords)


def load(path):
    """Loads a `.keras` file, with its optimizer, ready for `fit` and `evaluate`.

    Args:
        path: file written by `model.save`, by `fit` or by the command line.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a `.keras` file.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {str(path)!r}.")
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{str(path)!r} is not a .keras file. Weights alone are loaded by the "
            "builder: kerazoo.<builder>(weights=path)."
        )
    note = _read_note(path)
    # Custom layers are registered when their module is imported.
    for module in sorted({card.module for card in catalog.cards().values()}):
        importlib.import_module(module)
    model = keras.saving.load_model(path)
    card = catalog.cards().get(note.get("architecture", model.name))
    if card is not None:
        describe(model, card.name, note.get("recipe", card.recipe))
    return model


def _check_trainable(model):
    if not model.trainable_weights:
        raise ValueError(
            f"{model.name!r} has no trainable weights: nothing in it learns. Use "
            "kerazoo.evaluate(model) or model.predict."
        )
    if not model.compiled:
        raise ValueError(
            f"{model.name!r} is not compiled. Build it with its head and compile=True, "
            "or call model.compile first."
        )


def _positive(name, value, default):
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {value!r}")
    return value


def _training_data(model, data, recipe, batch_size, seed, fit_keywords):
    """What goes to `Model.fit` as `x`, and the keywords that go with it."""
    keywords = dict(fit_keywords)
    shards = distribution.shards()
    if batch_size % shards:
        raise ValueError(
            f"`batch_size` must be a multiple of the {shards} devices that share a "
            f"batch. Received: {batch_size}"
        )
    validation = keywords.get("validation_data")
    name = datasets.name_for(model, data)
    if name is None:
        if isinstance(validation, str):
            raise ValueError(
                "`validation_data` can name a split only with a named dataset. "
                f"Received: validation_data={validation!r}"
            )
        data, y = _unpack(data, keywords)
        _check_arrays(model, data, y)
        if _is_dataset(data):
            keywords["shuffle"] = False  # a dataset brings its own order
        else:
            if shards > 1 and len(keras.tree.flatten(data)[0]) % shards:
                raise ValueError(
                    f"The last batch must be a multiple of the {shards} devices that "
                    f"share it. Received: {len(keras.tree.flatten(data)[0])} examples"
                )
            keywords["batch_size"] = batch_size
            keywords.setdefault("shuffle", recipe.get("shuffle", True))
        return data, keywords
    source = datasets.find(name, model)
    if source.kind == "environments" and validation is not None:
        raise ValueError(
            "An environment has no validation data: the `return` of training is in "
            "the history, and kerazoo.evaluate plays greedily. Received: "
            f"validation_data={validation!r}"
        )
    order = {"batch_size": batch_size, "seed": seed}
    train = datasets.batches(
        source,
        "train",
        model,
        shuffle=keywords.pop("shuffle", recipe.get("shuffle", True)),
        augment=recipe.get("augment"),
        drop_remainder=shards > 1,
        **order,
    )
    keywords["shuffle"] = False
    if validation is None and "validation" in source.splits:
        validation = "validation"
    if isinstance(validation, str):
        keywords["validation_data"] = datasets.batches(
            source, validation, model, training=False, **order
        )
    return train, keywords


def _unpack(data, keywords):
    """Separates `(x, y)` or `(x, y, sample_weight)` into x and keywords."""
    if isinstance(data, tuple) and len(data) in (2, 3):
        keywords["y"] = data[1]
        if len(data) == 3:
            keywords["sample_weight"] = data[2]
        data = data[0]
    return data, keywords.get("y")


def _is_dataset(data):
    return not hasattr(data, "shape") and not isinstance(data, list | tuple | dict)


def _check_arrays(model, x, y):
    """Refuses arrays that a model cannot take, before Keras' long traces."""
    shape = model.input_shape
    if not hasattr(x, "shape") or not isinstance(shape, tuple):
        return
    if len(x) == 0:
        raise ValueError(f"No examples: `x` has shape {tuple(x.shape)}.")
    fits = len(x.shape) == len(shape) and all(
        b is None or a == b for a, b in zip(x.shape[1:], shape[1:], strict=True)
    )
    if not fits:
        raise ValueError(
            f"`x` has shape {tuple(x.shape)}, but {model.name!r} takes (batch, "
            f"{', '.join(map(str, shape[1:]))}). Reshape the data, or build the model "
            "with their input_shape."
        )
    sparse = model.loss == "sparse_categorical_crossentropy" or isinstance(
        model.loss, keras.losses.SparseCategoricalCrossentropy
    )
    if y is None or not sparse:
        return
    if len(y) != len(x):
        raise ValueError(f"`x` has {len(x)} examples and `y` has {len(y)}.")
    labels, classes = np.asarray(y), model.output_shape[-1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"Labels of {model.name!r} must be in 0..{classes - 1}. Received: "
            f"{labels.min()}..{labels.max()}. Build it with classes="
            f"{int(labels.max()) + 1}, or shift the labels."
        )


def _iterations(model):
    # A distributed counter has no int().
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def _steps_per_epoch(train, keywords, batch_size):
    if keywords.get("steps_per_epoch"):
        return keywords["steps_per_epoch"]
    if hasattr(train, "cardinality"):
        steps = int(train.cardinality())
        return steps if steps > 0 else None
    if isinstance(train, keras.utils.PyDataset):
        return train.num_batches
    arrays = keras.tree.flatten(train)
    if arrays and hasattr(arrays[0], "shape"):
        share = 1 - keywords.get("validation_split", 0)
        return math.ceil(int(len(arrays[0]) * share) / batch_size)
    return None


def _set_schedule(model, recipe, steps_per_epoch, epochs, start_step):
    """Gives the optimizer the recipe's schedule, unless the user compiled otherwise."""
    schedule = recipe.get("schedule")
    if not schedule or not _compiled_by(recipe["optimizer"], model.optimizer):
        return
    if steps_per_epoch is None:
        log.warning(
            "The length of the data is unknown, so the learning rate stays constant "
            "where the recipe has a schedule; pass steps_per_epoch."
        )
        return
    for optimizer, identifier in _parts(model.optimizer, recipe["optimizer"]):
        optimizer.learning_rate = Schedule(
            identifier["config"]["learning_rate"],
            steps_per_epoch=steps_per_epoch,
            total_epochs=epochs,
            start_step=start_step,
            **schedule,
        )
    model.train_function = None  # it may be compiled with the schedule of another run


def _group_steps(model, recipe):
    """Makes several updates in one call if the recipe says so; torch cannot.

    Set on the model rather than compiled into it, so that its file trains on torch.
    """
    steps = recipe.get("steps_per_execution", 1)
    if keras.backend.backend() != "torch" and steps > model.steps_per_execution == 1:
        model.steps_per_execution = steps
        # Those compiled for one step would be called once for every `steps` batches.
        model.train_function = model.test_function = model.predict_function = None


def _parts(optimizer, identifier):
    """An optimizer with what the recipe says of it; of a MultiOptimizer, each of it."""
    if identifier["class_name"] != "MultiOptimizer":
        return [(optimizer, identifier)]
    # A default that no variable falls to may come last.
    return zip(optimizer.optimizers, identifier["config"].values(), strict=False)


def _compiled_by(identifier, optimizer):
    if type(optimizer).__name__ != identifier["class_name"]:
        return False
    if identifier["class_name"] == "MultiOptimizer":
        return all(_compiled_by(i, o) for o, i in _parts(optimizer, identifier))
    rate = optimizer.get_config()["learning_rate"]
    if isinstance(rate, dict):
        return rate["class_name"] == "Schedule"
    return math.isclose(rate, identifier["config"]["learning_rate"], rel_tol=1e-5)


class _Watch(keras.callbacks.Callback):
    """Ends a run on Ctrl-C or on a loss that is no number, with the weights in place.

    An exception from inside `fit` would leave a JAX model without its variables, so
    the run is asked to stop and the caller raises.
    """

    EVERY = 20

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self.diverged = None

    @contextlib.contextmanager
    def interruptible(self):
        """Turns the first SIGINT into a request to stop; the second one raises."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def stop(number, frame):
            self.interrupted = True
            signal.signal(signal.SIGINT, before)
            log.warning("Interrupted: ending after this batch. Again to abort at once.")

        signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.EVERY == 0:  # also where 20 updates are one call
            self._check(logs)
        if self.interrupted:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs)

    def _check(self, logs):
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            self.diverged = loss
            self.model.stop_training = True


class _Checkpoint(keras.callbacks.Callback):
    """Writes `last.keras` and `best.keras`; the state of the run travels inside.

    One file holds model, optimizer and run, and it is replaced in one step: whenever
    the process dies, what is on disk is the end of some epoch.
    """

    NOTE = "kerazoo.json"
    EXPERIENCE = "experience/"
    SHARE = 0.1  # of the time may go into writing what an agent learned

    def __init__(self, directory, model):
        super().__init__()
        self.directory = directory
        self.architecture = architecture_of(model)
        self.recipe = dict(recipe_of(model))
        self.state = {"epochs_done": 0, "past": {}, "best": None, "start_step": None}
        self.watch = None
        self.experience = None
        self.monitored, self.next_write = None, 0.0

    @classmethod
    def at(cls, directory, resume, model):
        """The checkpoint of a run that starts, or of the run that is in `directory`."""
        if directory is None:
            if resume:
                raise ValueError("`resume=True` needs the `checkpoint_dir` of a run.")
            return cls(None, model)
        checkpoint = cls(pathlib.Path(directory), model)
        checkpoint.directory.mkdir(parents=True, exist_ok=True)
        if not checkpoint.last.is_file():
            return checkpoint
        if not resume:
            raise ValueError(
                f"`checkpoint_dir` {str(directory)!r} already holds a run: pass "
                "resume=True to continue it, or choose another folder."
            )
        note = _read_note(checkpoint.last)
        if note["architecture"] != checkpoint.architecture:
            raise ValueError(
                f"`checkpoint_dir` {str(directory)!r} holds a run of "
                f"{note['architecture']!r}, not of {checkpoint.architecture!r}."
            )
        checkpoint.state = note["state"]
        return checkpoint

    @property
    def last(self):
        return self.directory / "last.keras"

    def restore(self, model, lived=None):
        """Puts weights, optimizer state and experience of the last checkpoint back."""
        self.experience = lived
        if self.directory is not None and self.last.is_file():
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self.last)
            if lived is not None:
                lived.restore(_read_arrays(self.last, self.EXPERIENCE))

    def on_epoch_end(self, epoch, logs=None):
        logs = {k: float(v) for k, v in (logs or {}).items()}
        monitored = logs.get("val_loss", logs.get("loss", 0.0))
        if self.experience is not None:
            monitored = -logs.get("return", -math.inf)
        if not all(math.isfinite(v) for v in logs.values()):
            return
        # An epoch that Ctrl-C cut short is trained again on resume.
        if not self.watch.interrupted:
            self.state["epochs_done"] = epoch + 1
            for name, value in logs.items():
                self.state["past"].setdefault(name, []).append(value)
        self.monitored = monitored
        if self.experience is None or time.monotonic() >= self.next_write:
            self._write()

    def on_train_end(self, logs=None):
        if self.monitored is not None and not self.watch.diverged:
            self._write()

    def _write(self):
        start = time.monotonic()
        best = self.state["best"] is None or self.monitored < self.state["best"]
        if best:
            self.state["best"] = self.monitored
        partial = self.directory / "partial.keras"
        self.model.save(partial)
        note = {
            "architecture": self.architecture,
            "recipe": self.recipe,
            "state": self.state,
        }
        with zipfile.ZipFile(partial, "a") as archive:
            archive.writestr(self.NOTE, json.dumps(note))
        if best:
            copy = self.directory / "partial-best.keras"
            shutil.copyfile(partial, copy)
            os.replace(copy, self.directory / "best.keras")
        if self.experience is not None:
            _append_arrays(partial, self.EXPERIENCE, self.experience.state())
        os.replace(partial, self.last)
        self.monitored = None
        end = time.monotonic()
        self.next_write = end + (end - start) / self.SHARE


def _read_note(path):
    with zipfile.ZipFile(path) as archive:
        if _Checkpoint.NOTE not in archive.namelist():
            return {}
        return json.loads(archive.read(_Checkpoint.NOTE))


def _append_arrays(path, folder, arrays):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{folder}{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def _read_arrays(path, folder):
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith(folder)]
        return {
            name.removeprefix(folder).removesuffix(".npy"): _read_array(archive, name)
            for name in names
        }


def _read_array(archive, name):
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
