"""A classifier as the procedures see it: scores, pixels, arrays in and out."""

import keras
import numpy as np
from keras import layers, ops

from kerazoo import catalog

BATCH = 32


def scores(model):
    """The scores of a classifier's classes before its softmax or sigmoid.

    Gradients are taken of scores and not of probabilities: a probability is flat where
    the network is sure, and the simplest way to raise it is to lower those of the other
    classes (Simonyan et al., 2014, section 2).

    A softmax or sigmoid at the end is left out, with the weights of the last layer as
    they are now. A last layer without one gives scores already. Probabilities that come
    about in another way, such as an ensemble's mean, are replaced by their logarithms,
    which are scores too: their softmax is the probabilities.

    Args:
        model: a functional `keras.Model` or `keras.Sequential` with one input and one
            output of shape `(batch, classes)`.

    Returns:
        A function of a batch of images, a tensor, that gives a tensor `(batch,
        classes)`. The model runs in inference mode.

    Raises:
        TypeError: `model` is no such model.
    """
    before, head = ending(model)
    body = keras.Model(model.inputs[0], before)
    return lambda x: head(body(x, training=False))


def ending(model):
    """Where the scores begin: a tensor of the model, and the function from it to them.

    Args and exceptions as `scores`.
    """
    check_model(model)
    last = _last_layer(model)
    squashed = getattr(last, "activation", None) in (
        keras.activations.softmax,
        keras.activations.sigmoid,
    )
    if squashed and last.weights:
        head = type(last).from_config({**last.get_config(), "activation": "linear"})
        head.build(last.input.shape)
        head.set_weights(last.get_weights())
        return last.input, head
    if squashed or isinstance(last, layers.Softmax):
        return last.input, _identity
    # Our builders compile with from_logits=False where a model gives probabilities.
    if getattr(getattr(model, "loss", None), "from_logits", None) is False:
        return model.outputs[0], _log
    return model.outputs[0], _identity


def _last_layer(model):
    """The layer that gives the output; None where that is a bare operation."""
    if isinstance(model, keras.Sequential):
        return model.layers[-1]
    output = model.outputs[0]
    return next((layer for layer in model.layers if layer.output is output), None)


def _identity(x):
    return x


def _log(probabilities):
    return ops.log(ops.maximum(probabilities, 1e-30))


def check_model(model):
    """Raises TypeError unless `model` takes images and gives scores of classes."""
    inputs, outputs = (getattr(model, name, None) for name in ("inputs", "outputs"))
    if not (inputs and outputs and len(inputs) == len(outputs) == 1):
        raise TypeError(
            "`model` must be a functional keras.Model or a keras.Sequential with one "
            f"input and one output. Received: {model!r}"
        )
    if len(outputs[0].shape) != 2 or outputs[0].shape[-1] < 2:
        raise TypeError(
            f"`model` must give scores of two or more classes, (batch, classes). "
            f"Received: {model.name!r} with outputs of shape {outputs[0].shape}"
        )


def pixel_range(model):
    """The values of a black and a white pixel in a model's input.

    Args:
        model: a `keras.Model`. Images of an architecture of the zoo are standardised as
            its card says; any other model is taken to see values from 0 to 1.

    Returns:
        `(low, high)`: two float32 arrays, scalars or with a value per channel.
    """
    card = catalog.cards().get(getattr(model, "architecture", model.name))
    preprocess = card.preprocess if card else {}
    if "threshold" in preprocess:
        return np.float32(0), np.float32(1)
    mean = np.asarray(preprocess.get("mean", 0.0), "float32")
    std = np.asarray(preprocess.get("std", 255.0), "float32")
    return (0 - mean) / std, (255 - mean) / std


def as_images(model, images, *, name="images"):
    """`images` as a float32 array `(n, ...)` of the shape that `model` takes."""
    images = ops.convert_to_numpy(images).astype("float32")
    expected = model.inputs[0].shape[1:]
    fits = images.ndim == len(expected) + 1 and all(
        wanted in (None, given)
        for wanted, given in zip(expected, images.shape[1:], strict=True)
    )
    if not fits or not len(images):
        raise ValueError(
            f"`{name}` must have the shape (n, {', '.join(map(str, expected))}) that "
            f"{model.name!r} takes. Received: {images.shape}"
        )
    return images


def as_classes(model, classes, count, *, name="classes"):
    """`classes`, one or `count` integers, as an int32 array of `count`."""
    given = ops.convert_to_numpy(classes)
    known = model.outputs[0].shape[-1]
    if given.shape not in ((), (count,)) or given.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must be an integer or {count} of them. Received: {classes!r}"
        )
    if given.min() < 0 or given.max() >= known:
        raise ValueError(
            f"`{name}` must be between 0 and {known - 1}, the classes of "
            f"{model.name!r}. Received: {classes!r}"
        )
    return np.broadcast_to(given, (count,)).astype("int32")


def predicted(model, images):
    """The class of the highest score of every image."""
    score = scores(model)
    return in_batches(lambda x: ops.argmax(score(x), axis=-1), images)


def chosen(model, images, classes):
    """`classes` checked, or the predicted ones where they are None."""
    if classes is None:
        classes = predicted(model, images)
    return as_classes(model, classes, len(images))


def class_score(score):
    """The sum over a batch of the score of one class of each image, for gradients."""

    def total(images, classes):
        columns = ops.expand_dims(classes, -1)
        return ops.sum(ops.take_along_axis(score(images), columns, axis=-1))

    return total


def in_batches(function, *arrays):
    """Applies a function of tensors to slices of the arrays; joins what it gives.

    The last slice reaches back for as many images as the others have: what is compiled
    is compiled for one size.
    """
    count = len(arrays[0])
    results = []
    for start in range(0, count, BATCH):
        first = max(0, min(start, count - BATCH))
        result = function(*(a[first : first + BATCH] for a in arrays))
        results.append(ops.convert_to_numpy(result)[start - first :])
    return np.concatenate(results)


def per_image(values, images):
    """`(n,)` values in a shape that multiplies images `(n, ...)`."""
    return values.reshape(-1, *(1,) * (images.ndim - 1))
