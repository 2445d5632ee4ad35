"""The decorator every builder wears, and `create`.

The builder's body holds the architecture only. The decorator adds the device scope,
the name, compilation by the recipe of the card, and foreign weights.
"""

import concurrent.futures
import functools
import inspect
import math
import os
import sys
import threading
import types

import keras

from kerazoo import catalog, distribution, optimizers

# Keras walks a graph recursively; ResNet-1202's is deeper than Python's own limit.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))

_CROSSENTROPIES = {
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
}


def architecture(**written):
    """Makes a builder of the decorated function; the keywords are its card.

    All keywords are literals and described in `kerazoo.Card`. `variant_of="other"`
    takes the fields that are not given from another builder of the same module.

    The decorated builder accepts four more keywords:

    - `weights`: None for random values, or a path to weights: kerazoo's own `.keras` /
      `.weights.h5`, or a foreign checkpoint in a layout named on the card
      (`.safetensors`, `.pth`, `.h5`). Every tensor must be used exactly once.
    - `compile`: whether to compile by the recipe. Headless models
      (`include_top=False`) have nothing to compile.
    - `recipe`: mapping that replaces entries of the card's recipe.
    - `name`: name of the model; the builder's by default.
    """

    def decorate(builder):
        name = builder.__name__
        if not builder.__module__.startswith("kerazoo.zoo."):
            catalog.register(_user_card(builder, written))

        @functools.wraps(builder)
        def build(*, weights=None, compile=True, recipe=None, name=name, **config):
            card = catalog.card(builder.__name__)
            catalog.check_recipe(f"{builder.__name__}()", "recipe", recipe or {})
            recipe = card.recipe | dict(recipe or {})
            arguments = inspect.signature(builder).bind(**config)
            arguments.apply_defaults()
            _check_classes(arguments.arguments.get("classes", 1))
            attempt = functools.partial(_attempt, builder, config)
            _check_memory(card, attempt)
            with distribution.scope():
                model = attempt()
                model.name = name
                describe(model, builder.__name__, recipe)
                if compile and arguments.arguments.get("include_top", True):
                    activation = arguments.arguments.get("classifier_activation", "")
                    compile_by_recipe(model, recipe, from_logits=activation is None)
                if weights is not None:
                    from kerazoo import weights as foreign

                    foreign.load(model, weights)
            return model

        signature = inspect.signature(builder)
        extra = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default)
            for key, default in (
                ("weights", None),
                ("compile", True),
                ("recipe", None),
                ("name", name),
            )
        ]
        build.__signature__ = signature.replace(
            parameters=[*signature.parameters.values(), *extra]
        )
        return build

    return decorate


def _check_classes(classes):
    if isinstance(classes, bool) or not hasattr(classes, "__index__") or classes < 1:
        raise ValueError(
            f"`classes` must be a positive integer. Received: classes={classes!r}"
        )


def _attempt(builder, config):
    """Builds; where the builder or Keras fails, the error says what was asked for."""
    try:
        return builder(**config)
    except (ValueError, TypeError, IndexError, ArithmeticError) as error:
        given = [f"{key}={value!r}" for key, value in config.items()]
        if not given or any(argument in str(error) for argument in given):
            raise  # names the argument
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message = f"{builder.__name__}({', '.join(given)}) cannot be built: {error}"
        if "input_shape" in config:
            usual = inspect.signature(builder).parameters["input_shape"].default
            message += f"\nThe network's own `input_shape` is {usual}."
        raise kind(message) from error


_skeletons = threading.local()


def without_values(build):
    """What `build()` returns, a model whose variables have shapes but no values."""

    def run():
        _skeletons.wanted = True
        with keras.StatelessScope(initialize_variables=False):
            return build()

    # Keras keeps a list of variables that wait for a value in each thread, and would
    # give them one at the next stateless call. The list ends with its thread.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def _check_memory(card, build):
    """Refuses a network whose weights cannot be held; looks at large cards only."""
    if getattr(_skeletons, "wanted", False):
        return
    available = _available_memory()
    if 4 * (card.params + card.non_trainable) <= available:
        return
    needed = 4 * sum(math.prod(v.shape) for v in without_values(build).weights)
    if needed > available:
        raise MemoryError(
            f"The weights of {card.name!r} take {needed / 1e9:,.1f} GB in float32, "
            f"and this machine has {available / 1e9:,.1f} GB left. "
            f"kerazoo.summary({card.name!r}) shows the network without allocating it; "
            f"kerazoo.create({card.name!r}, tiny=True) is a reduced one."
        )


def _available_memory():
    """Bytes that this machine can give; infinite where it does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            facts = dict(line.split(":") for line in file)
        return 1024 * int(facts["MemAvailable"].split()[0])
    except (OSError, KeyError):  # not Linux: all that it has
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return math.inf


def describe(model, architecture, recipe):
    """Notes on a model which builder made it and by which recipe it trains."""
    model.architecture = architecture
    # Keras would track, and so copy, a plain dict.
    model.recipe = types.MappingProxyType(dict(recipe))


def _user_card(builder, written):
    base = written.get("variant_of")
    if base is not None:
        written = catalog.merge_variant(written, catalog.card(base).to_dict())
        written = {k: v for k, v in written.items() if k not in catalog._DERIVED}
    summary = (inspect.getdoc(builder) or "").split("\n")[0]
    return catalog.make_card(
        builder.__name__,
        written,
        domain="user",
        module=builder.__module__,
        summary=summary,
    )


def check_entries(name, value, number):
    """Raises ValueError where a sequence that a builder was given has a wrong length.

    Args:
        name: of the argument.
        value: what was given.
        number: of entries that it must have.
    """
    if not isinstance(value, list | tuple) or len(value) != number:
        raise ValueError(
            f"`{name}` must have {number} entries. Received: {name}={value!r}"
        )


def compile_by_recipe(model, recipe, *, from_logits=False):
    """Compiles `model` with optimizer, loss and metrics of a recipe.

    Args:
        model: an uncompiled `keras.Model`.
        recipe: mapping as on a card. `optimizer` is `{"class_name", "config"}`, losses
            and metrics are Keras identifiers, or names registered under `kerazoo>`.
        from_logits: whether the model ends without its activation; cross-entropies
            follow.
    """
    model.compile(
        optimizer=optimizers.get(_thaw(recipe["optimizer"])),
        loss=_map(recipe["loss"], lambda x: _loss(x, from_logits)),
        loss_weights=_thaw(recipe.get("loss_weights")),
        metrics=_map(recipe.get("metrics"), _metric),
        weighted_metrics=_map(recipe.get("weighted_metrics"), _metric),
    )


def _thaw(value):
    """A deep copy of literal data, which Keras may edit in place."""
    if isinstance(value, dict):
        return {k: _thaw(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_thaw(v) for v in value]
    return value


def _map(value, function):
    """Applies `function` to the identifiers in a value, list or dict of outputs."""
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _map(v, function) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_map(v, function) for v in value]
    return None if value is None else function(value)


def _loss(identifier, from_logits):
    config = {}
    if isinstance(identifier, dict):
        identifier, config = identifier["class_name"], _thaw(identifier["config"])
    if identifier in _CROSSENTROPIES:
        return _CROSSENTROPIES[identifier](from_logits=from_logits, **config)
    registered = keras.saving.get_registered_object(identifier)
    if registered is not None:
        return registered(**config)
    return keras.losses.get({"class_name": identifier, "config": config})


def _metric(identifier):
    if isinstance(identifier, str):
        registered = keras.saving.get_registered_object(identifier)
        return identifier if registered is None else registered()
    return keras.metrics.get(_thaw(identifier))


def create(name, /, *, tiny=False, **config):
    """Builds an architecture by its name.

    Args:
        name: a builder's name, e.g. `"lenet5"`.
        tiny: whether to build the card's reduced configuration, with its recipe.
        **config: keywords of the builder; they win over the reduced configuration.

    Returns:
        The compiled `keras.Model`.

    Raises:
        ValueError: no such architecture; the message suggests near names.
        TypeError: a keyword that the builder does not know.

    Example:
        >>> model = kerazoo.create("lenet5", tiny=True)
    """
    card = catalog.card(name)
    if tiny:
        config = {**_thaw_tuples(card.tiny), **config}
        recipe = config.pop("recipe", None) or {}
        config["recipe"] = {**card.tiny_recipe, **recipe}
    return catalog.builder(name)(**config)


def _thaw_tuples(config):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
