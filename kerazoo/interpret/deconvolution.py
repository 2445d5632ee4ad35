"""The deconvnet: what made a feature map respond (Zeiler & Fergus, 2014).

"Visualizing and Understanding Convolutional Networks", ECCV, arXiv:1311.2901. From one
activation, all others set to zero, down to the pixels: undo the pooling by the switches
that the forward pass recorded, rectify, and filter with the transposed kernels.

That is back-propagation with one change: at a ReLU, the signal itself is rectified,
instead of being stopped where the forward pass was negative. The gradient of a maximum
*is* unpooling with switches, and that of a convolution the transposed convolution.

Look at the pictures with care: they change little when the weights above are drawn
anew (Adebayo et al., 2018, arXiv:1810.03292, for its relative guided back-propagation).
"""

import keras
from keras import layers, ops

from kerazoo.gradients import value_and_grad
from kerazoo.interpret.classifier import as_images, in_batches
from kerazoo.layers import LocalResponseNormalization


def deconvnet(model, images, layer, channel):
    """Projects the strongest activation of a feature map back to the pixels.

    ReLUs are found as layers and as the activation of a layer. Local response
    normalisation is not inverted, as in the paper; every other layer that a model may
    have passes the signal as its gradient does.

    Args:
        model: a `keras.Model` of convolutions, ReLUs and max-pooling.
        images: `(n, height, width, channels)` as the model takes them.
        layer: name of a layer with feature maps.
        channel: number of the feature map.

    Returns:
        Array of the shape of `images`: the part of each image that the activation
        answers to. Images in which the map is 0 everywhere give 0.

    Example:
        >>> best = kerazoo.interpret.strongest(model, images, "conv2", 3)
        >>> parts = kerazoo.interpret.deconvnet(model, images[best], "conv2", 3)
    """
    below = _below(model, layer, channel)
    network = _with_rectified_signal(below)

    def energy(images):  # its gradient at the map is the map's largest value
        return ops.sum(ops.square(_peak(network, images, channel))) / 2

    differentiate = value_and_grad(energy)
    return in_batches(lambda x: differentiate(x)[1], as_images(model, images))


def strongest(model, images, layer, channel, *, count=9):
    """Which images a feature map answers to most: the paper's top nine.

    Args:
        model: a `keras.Model`.
        images: `(n, height, width, channels)` as the model takes them.
        layer: name of a layer with feature maps.
        channel: number of the feature map.
        count: number of images wanted.

    Returns:
        Indices of images, the strongest first.
    """
    below = _below(model, layer, channel)
    peaks = in_batches(lambda x: _peak(below, x, channel), as_images(model, images))
    return (-peaks).argsort(kind="stable")[:count]


def _below(model, layer, channel):
    """The part of the model up to a layer, which must have that channel."""
    below = keras.Model(model.inputs[0], model.get_layer(layer).output)
    shape = below.outputs[0].shape
    if len(shape) != 4:
        raise ValueError(
            f"`layer` must give feature maps (batch, height, width, channels). "
            f"Received: {layer!r}, which gives {shape}"
        )
    if not 0 <= channel < shape[-1]:
        raise ValueError(
            f"`channel` must be between 0 and {shape[-1] - 1} in {layer!r}. "
            f"Received: {channel}"
        )
    return below


def _peak(network, images, channel):
    """The largest value of a feature map in each image."""
    return ops.max(network(images, training=False)[..., channel], axis=(1, 2))


def _with_rectified_signal(model):
    """A copy of a functional model with the deconvnet's backward pass."""

    def copy(layer):
        new = type(layer).from_config(layer.get_config())
        if getattr(layer, "activation", None) is keras.activations.relu:
            new.activation = _rectifier
        return new

    def call(layer, *args, **keywords):
        if _is_plain_relu(layer):
            return layers.Activation(_rectifier)(*args)
        if isinstance(layer, LocalResponseNormalization):
            (x,) = args
            return x + ops.stop_gradient(layer(x) - x)
        return layer(*args, **keywords)

    network = keras.models.clone_model(model, clone_function=copy, call_function=call)
    network.set_weights(model.get_weights())
    return network


def _is_plain_relu(layer):
    if not isinstance(layer, layers.ReLU):
        return False
    return layer.max_value is None and not layer.negative_slope and not layer.threshold


@ops.custom_gradient
def _rectifier(x):
    """ReLU that rectifies the gradient in place of masking it."""

    def gradient(*args, upstream=None):
        if upstream is None:  # torch alone gives it by its name, after the inputs
            (upstream,) = args
        return (ops.relu(upstream),)

    return ops.relu(x), gradient
