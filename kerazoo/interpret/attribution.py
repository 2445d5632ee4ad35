"""Which pixels a decision rests on: gradients with respect to the image.

Saliency (Simonyan, Vedaldi & Zisserman, 2014, arXiv:1312.6034), SmoothGrad (Smilkov et
al., 2017, arXiv:1706.03825), integrated gradients (Sundararajan, Taly & Yan, 2017,
arXiv:1703.01365) and Grad-CAM (Selvaraju et al., 2017, arXiv:1610.02391).
"""

import keras
import numpy as np
from keras import ops

from kerazoo.gradients import value_and_grad
from kerazoo.interpret.classifier import (
    as_images,
    chosen,
    class_score,
    ending,
    in_batches,
    per_image,
    pixel_range,
    scores,
)
from kerazoo.layers.compilation import compiled


def input_gradient(model, images, classes=None):
    """The gradient of a class's score with respect to the image.

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        classes: integer or `n` integers; the predicted classes by default.

    Returns:
        Array of the shape of `images`.
    """
    differentiate = _gradient(model)
    images = as_images(model, images)
    return in_batches(differentiate, images, chosen(model, images, classes))


def _gradient(model):
    differentiate = value_and_grad(class_score(scores(model)))
    return lambda images, classes: differentiate(images, classes)[1]


def saliency(model, images, classes=None):
    """How much each pixel moves the score of a class (Simonyan et al., 2014).

    Args:
        model: a classifier, see `scores`.
        images: `(n, height, width, channels)` or `(n, pixels)`, as the model takes
            them.
        classes: integer or `n` integers; the predicted classes by default.

    Returns:
        `(n, height, width)`, the largest magnitude of the gradient over the channels;
        `(n, pixels)` where images are flat.

    Example:
        >>> maps = kerazoo.interpret.saliency(model, images)
        >>> kerazoo.interpret.sheet({"image": images, "saliency": maps}, "maps.png")
    """
    return _strength(input_gradient(model, images, classes))


def _strength(gradient):
    strength = np.abs(gradient)
    return strength.max(axis=-1) if gradient.ndim == 4 else strength


def smooth_grad(model, images, classes=None, *, samples=50, noise=0.15, seed=0):
    """Saliency of the mean gradient around each image (Smilkov et al., 2017).

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        classes: integer or `n` integers; the predicted classes by default.
        samples: number of noisy copies of every image.
        noise: deviation of their Gaussian noise, relative to the range of the image's
            own values.
        seed: fixes the noise.

    Returns:
        Maps as `saliency` gives them.
    """
    images = as_images(model, images)
    classes = chosen(model, images, classes)
    spread = np.ptp(images.reshape(len(images), -1), axis=1)
    deviation = noise * per_image(spread, images)
    random = np.random.default_rng(seed)
    differentiate = compiled(_gradient(model), model)
    total = 0
    for _ in range(samples):
        noisy = images + deviation * random.standard_normal(images.shape, "float32")
        total = total + in_batches(differentiate, noisy, classes)
    return _strength(total / samples)


def integrated_gradients(model, images, classes=None, *, baseline=None, steps=50):
    """What each value adds to a class's score, from a baseline to the image.

    The gradient averaged along the straight line between the two, times their
    difference (midpoint rule). The attributions of an image sum to the difference of
    the two scores: "completeness" (Sundararajan et al., 2017).

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        classes: integer or `n` integers; the predicted classes by default.
        baseline: image, or number, from which to start; black by default.
        steps: points of the line at which the gradient is taken.

    Returns:
        Array of the shape of `images`, signed.
    """
    images = as_images(model, images)
    classes = chosen(model, images, classes)
    start = pixel_range(model)[0] if baseline is None else baseline
    difference = images - np.asarray(start, "float32")
    differentiate = compiled(_gradient(model), model)
    total = 0
    for step in range(steps):
        along = images - np.float32((step + 0.5) / steps) * difference
        total = total + in_batches(differentiate, along, classes)
    return difference * total / steps


def grad_cam(model, images, classes=None, *, layer=None):
    """Where in the image a class was seen (Selvaraju et al., 2017).

    The channels of a layer, weighted by the mean gradient of the class's score over
    their positions, summed and rectified. With global average pooling and one dense
    layer on top this is the class activation map of Zhou et al. (2016).

    Args:
        model: a classifier, see `scores`.
        images: `(n, height, width, channels)` as the model takes them.
        classes: integer or `n` integers; the predicted classes by default.
        layer: name of a layer with feature maps that the whole signal passes; the last
            one by default.

    Returns:
        `(n, height, width)` between 0 and 1: each map is resized to the image
        (bilinear) and divided by its largest value; 0 where nothing speaks for the
        class.

    Raises:
        ValueError: no such layer, or paths around it.
    """
    images = as_images(model, images)
    classes = chosen(model, images, classes)
    lower, upper = _split(model, layer)
    differentiate = value_and_grad(class_score(upper))
    size = images.shape[1:3]

    def localise(images, classes):
        features = lower(images)
        gradient = differentiate(features, classes)[1]
        weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
        maps = ops.relu(ops.sum(weights * features, axis=-1, keepdims=True))
        maps = ops.image.resize(maps, size, "bilinear", data_format="channels_last")
        return maps[..., 0]

    maps = in_batches(localise, images, classes)
    largest = maps.max(axis=(1, 2), keepdims=True)
    return maps / np.where(largest > 0, largest, 1)


def _feature_layer(model, name):
    """The named layer, or the last one that gives feature maps."""
    if name is not None:
        layer = model.get_layer(name)
        if len(layer.output.shape) != 4:
            raise ValueError(
                f"`layer` must give feature maps (batch, height, width, channels). "
                f"Received: {name!r}, which gives {layer.output.shape}"
            )
        return layer
    for layer in reversed(model.layers):
        shape = layer.output.shape
        if len(shape) == 4 and shape[1:3] != (1, 1):
            return layer
    raise ValueError(f"{model.name!r} has no layer with feature maps.")


def _split(model, name):
    """Functions from the image to a layer, and from there to the scores."""
    before, head = ending(model)
    body = keras.Model(model.inputs[0], before)
    # A copy: the layers of a loaded Sequential have been called more than once, and
    # their outputs do not hang together.
    copy = keras.models.clone_model(body)
    copy.set_weights(body.get_weights())
    layer = _feature_layer(copy, name)
    lower = keras.Model(copy.inputs[0], layer.output)
    try:
        upper = keras.Model(layer.output, copy.outputs[0])
    except ValueError as error:
        raise ValueError(
            f"`layer` must be one that the whole signal passes. Received: "
            f"{layer.name!r}, around which {model.name!r} has other paths."
        ) from error
    return (
        lambda x: lower(x, training=False),
        lambda features: head(upper(features, training=False)),
    )
