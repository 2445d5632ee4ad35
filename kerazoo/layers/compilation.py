"""Compiles functions that run a model outside of `fit` and `predict`.

The only file that knows three compilers. Used where one program runs many steps:
decoding, sampling, acting.
"""

import keras


def compiled(function, model):
    """`function`, which calls `model` on tensors, as one program of the backend.

    TensorFlow and JAX compile by XLA, once for every set of argument shapes; torch
    runs the function as it is, without gradients. The function must not change the
    model's variables.

    Args:
        function: a function of tensors, written in `keras.ops`.
        model: the `keras.Model` whose current weights it uses.
    """
    backend = keras.backend.backend()
    variables = list(model.variables)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    if backend == "jax":
        import jax

        @jax.jit
        def pure(values, *args):
            with keras.StatelessScope(zip(variables, values, strict=True)):
                return function(*args)

        return lambda *args: pure([v.value for v in variables], *args)
    import torch

    return torch.no_grad()(function)
