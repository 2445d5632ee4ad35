"""Reverse-mode gradients of functions written in `keras.ops`, on every backend.

Keras 3 has forward mode (`keras.ops.jvp`) but no public reverse mode (keras#22442). The
only file that knows three autodiffs.
"""

import keras
from keras import ops, tree


def value_and_grad(function, *, create_graph=False):
    """A function that gives the value of `function` and its gradient.

    Works outside of `fit`, in `compute_loss`, in a model's `call` while it is fitted,
    evaluated or asked to predict, and under `kerazoo.layers.compilation.compiled`. What
    `function` writes to variables (statistics of BatchNorm, random states) is dropped
    on JAX, whose variables would otherwise be left with a tracer of this call: call
    models with `training=False` for equal results everywhere.

    Args:
        function: `function(x, *args)` gives a scalar; `x` is a float tensor or a nested
            structure of float tensors.
        create_graph: whether value and gradient can be differentiated in their turn, as
            gradient penalties and forces need it. By default both are constants, and a
            loop keeps no graph alive.

    Returns:
        A function of the same arguments. It returns `(value, gradient)`, the gradient
        with the structure of `x` and zeros where the value does not depend on it.

    Example:
        >>> square = value_and_grad(lambda x: ops.sum(x**2))
        >>> square(np.array([1.0, 2.0], "float32"))  # 5, [2, 4]
    """
    differentiate = _AUTODIFFS[keras.backend.backend()]

    def value_and_gradient(x, *args):
        x = tree.map_structure(ops.convert_to_tensor, x)
        both = differentiate(function, x, args, create_graph)
        return both if create_graph else tree.map_structure(ops.stop_gradient, both)

    return value_and_gradient


def _tensorflow(function, x, args, create_graph):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x, *args)
    # With create_graph, a tape around this call records what follows.
    zero = tf.UnconnectedGradients.ZERO
    return value, tape.gradient(value, x, unconnected_gradients=zero)


def _jax(function, x, args, create_graph):
    import jax

    def pure(x):
        with keras.StatelessScope() as scope:
            if scope.original_scope is not None:  # reads see the values of a fit
                scope.state_mapping.update(scope.original_scope.state_mapping)
            return function(x, *args)

    return jax.value_and_grad(pure)(x)


def _torch(function, x, args, create_graph):
    import torch

    def leaf(tensor):
        if create_graph and tensor.requires_grad:
            return tensor
        return tensor.detach().requires_grad_(True)

    x = tree.map_structure(leaf, x)
    leaves = tree.flatten(x)
    with torch.enable_grad():  # Keras predicts and evaluates without
        value = function(x, *args)
        gradients = torch.autograd.grad(
            value, leaves, create_graph=create_graph, allow_unused=True
        )
    gradients = [
        torch.zeros_like(tensor) if gradient is None else gradient
        for tensor, gradient in zip(leaves, gradients, strict=True)
    ]
    return value, tree.pack_sequence_as(x, gradients)


_AUTODIFFS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
