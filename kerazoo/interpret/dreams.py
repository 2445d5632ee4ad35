"""Images that a network makes: the picture of a class, and DeepDream.

Class visualisation (Simonyan, Vedaldi & Zisserman, 2014, arXiv:1312.6034; regularised
as Yosinski et al., 2015, arXiv:1506.06579) and DeepDream (Mordvintsev, Olah & Tyka,
2015, "Inceptionism", and github.com/google/deepdream). Both climb the gradient. Between
the steps everything is NumPy, so that the backends give the same pictures.

Networks with random weights give textures only.
"""

import keras
import numpy as np
from keras import ops

from kerazoo.gradients import value_and_grad
from kerazoo.interpret.classifier import (
    as_classes,
    as_images,
    check_model,
    class_score,
    in_batches,
    pixel_range,
    scores,
)
from kerazoo.layers.compilation import compiled

STEP = 1.5 / 255  # of google/deepdream: 1.5 grey levels


def class_visualization(
    model, classes, *, steps=200, step=STEP, decay=0.01, blur=0.5, jitter=None, seed=0
):
    """What an image must look like to be, for the network, the essence of a class.

    Climbs the score of the class from faint noise. What only the network would see is
    kept down by a decay towards 0, the mean image of standardised data (Simonyan's L2
    penalty), by a blur after every fourth step, and by moving the image about.

    Args:
        model: a classifier, see `scores`.
        classes: the class to draw, an integer, or several.
        steps: number of steps.
        step: mean change of a value in one step, relative to the range from black to
            white.
        decay: share of the image that is lost in a step.
        blur: deviation of the Gaussian blur in pixels; 0 for none.
        jitter: pixels by which the image is moved at most, before a step and back after
            it; a sixteenth of its smaller side by default.
        seed: fixes noise and jitter.

    Returns:
        `(n, ...)`, an image per class, as the model takes them, between black and
        white.

    Example:
        >>> digits = kerazoo.interpret.class_visualization(model, range(10))
    """
    from scipy.ndimage import gaussian_filter

    check_model(model)
    shape = model.inputs[0].shape[1:]
    if None in shape:
        raise ValueError(
            f"{model.name!r} must be built with a fixed `input_shape` for a class to "
            f"be drawn. Received: {tuple(shape)}"
        )
    classes = np.atleast_1d(np.asarray(classes))
    classes = as_classes(model, classes, len(classes))
    low, high = pixel_range(model)
    random = np.random.default_rng(seed)
    x = 0.01 * (high - low) * random.standard_normal((len(classes), *shape), "float32")
    differentiate = value_and_grad(class_score(scores(model)))
    gradient = compiled(lambda x, classes: differentiate(x, classes)[1], model)

    def regularised(x, number):
        x = (1 - decay) * x
        if blur and x.ndim == 4 and number % 4 == 3:
            x = gaussian_filter(x, blur, axes=(1, 2))
        return x

    return _climb(
        np.clip(x, low, high), lambda x: in_batches(gradient, x, classes), (low, high),
        steps, step, jitter, random, regularised,
    )  # fmt: skip


def deep_dream(
    model, images, layer, *, octaves=4, scale=1.4, steps=10, step=STEP, jitter=None,
    seed=0,
):  # fmt: skip
    """Amplifies what a layer sees in images (Mordvintsev, Olah & Tyka, 2015).

    Climbs half the squared norm of the layer's output, from a small version of the
    image to its full size; each size starts with the details found in the one before.

    Args:
        model: a convolutional `keras.Model`, with or without its classifier.
        images: `(n, height, width, channels)` of any size, standardised as for the
            model.
        layer: name of the layer; what is below it must take images of any size.
        octaves: number of sizes.
        scale: factor between them.
        steps: number of steps at each size.
        step: mean change of a value in one step, relative to the range from black to
            white.
        jitter: pixels by which the image is moved at most, before a step and back after
            it; a sixteenth of its smaller side by default. The original moves 224
            pixels by up to 32.
        seed: fixes the jitter.

    Returns:
        The images, changed, between black and white.

    Raises:
        ValueError: no such layer, or images too small for that many octaves.
    """
    features = _at_any_size(model, layer)
    images = as_images(features, images)
    sizes = [
        tuple(round(side / scale**octave) for side in images.shape[1:3])
        for octave in reversed(range(octaves))
    ]
    _check_size(features, layer, sizes[0], octaves)
    box = pixel_range(model)
    random = np.random.default_rng(seed)
    differentiate = value_and_grad(
        lambda x: ops.sum(ops.square(features(x, training=False))) / 2
    )
    gradient = compiled(lambda x: differentiate(x)[1], features)
    detail = np.zeros((len(images), *sizes[0], images.shape[-1]), "float32")
    for size in sizes:
        base = _resize(images, size)
        x = _climb(
            base + _resize(detail, size), lambda x: in_batches(gradient, x), box,
            steps, step, jitter, random,
        )  # fmt: skip
        detail = x - base
    return x


def _climb(x, gradient, box, steps, step, jitter, random, regularise=None):
    """`steps` times along the gradient, divided by the mean magnitude of its values."""
    low, high = box
    movable = x.ndim == 4
    if jitter is None:
        jitter = min(x.shape[1:3]) // 16 if movable else 0
    for number in range(steps):
        shift = random.integers(-jitter, jitter + 1, 2) if movable else 0
        axes = (1, 2) if movable else 1
        g = np.roll(gradient(np.roll(x, shift, axes)), -shift, axes)
        size = np.abs(g).mean(axis=tuple(range(1, x.ndim)), keepdims=True)
        x = x + step * (high - low) * g / (size + 1e-8)
        if regularise is not None:
            x = regularise(x, number)
        x = np.clip(x, low, high).astype("float32")
    return x


def _at_any_size(model, layer):
    """A copy of what is below a layer, which takes images of any size."""
    below = keras.Model(model.inputs[0], model.get_layer(layer).output)
    if len(below.inputs[0].shape) != 4:
        raise ValueError(
            f"`model` must take images (batch, height, width, channels). Received: "
            f"{model.name!r}, which takes {below.inputs[0].shape}"
        )
    free = keras.Input((None, None, below.inputs[0].shape[-1]))
    features = keras.models.clone_model(below, input_tensors=free)
    features.set_weights(below.get_weights())
    return features


def _check_size(features, layer, size, octaves):
    try:
        shape = features.compute_output_shape((1, *size, features.inputs[0].shape[-1]))
    except ValueError:
        shape = (0,)
    if min(shape) < 1:
        raise ValueError(
            f"`octaves` must be fewer, or the images larger. Received: "
            f"octaves={octaves}, which begin with {size[0]}x{size[1]} pixels, too "
            f"small for the layer {layer!r}."
        )


def _resize(images, size):
    resized = ops.image.resize(images, size, "bilinear", data_format="channels_last")
    return ops.convert_to_numpy(resized)
