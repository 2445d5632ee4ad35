"""The multi-layer perceptron of back-propagation (Werbos, 1974, 1982).

Werbos proposed to compute derivatives from the output backwards, and to train networks
so. The text fixes no network; this is our model of one, on the problems with which the
PDP group made the method known: exclusive or, parity, the encoder.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.zoo.history.simple_mlp import widths


@keras.saving.register_keras_serializable(package="kerazoo")
class BackpropDense(layers.Dense):
    """A dense layer of logistic units whose backward pass is written out.

    Given `dE/dy`, delta is `dE/dy y (1 - y)`; the weights receive `x^T delta` and the
    layer below `delta W^T`. The numbers are those of automatic differentiation.

    Args:
        units, **keywords: as in `keras.layers.Dense`; the activation is the logistic.
    """

    def call(self, x):
        @ops.custom_gradient
        def forward(x, kernel, bias):
            y = ops.sigmoid(ops.matmul(x, kernel) + bias)

            # torch passes the inputs again, after dE/dy.
            def backward(dy, *inputs):
                delta = dy * y * (1.0 - y)
                return (
                    ops.matmul(delta, ops.transpose(kernel)),
                    ops.matmul(ops.transpose(x), delta),
                    ops.sum(delta, axis=0),
                )

            return y, backward

        return forward(
            x, ops.convert_to_tensor(self.kernel), ops.convert_to_tensor(self.bias)
        )


@architecture(
    title="Back-propagation MLP",
    paper="Werbos, 1982, Applications of advances in nonlinear sensitivity analysis, "
    "in System Modeling and Optimization, Springer, 762-770",
    year=1982,
    url="doi:10.1007/BFb0006203",
    task="boolean functions",
    lectures=["004: Werbos proposes back-propagation for ANNs (1982)"],
    dataset="xor",
    offline="xor",
    params=17,
    macs=12,
    variants={
        "2-2-1": {"config": {"units": (2,)}, "params": 9},
        "parity 4-4-1": {"config": {"input_shape": (4,), "units": (4,)}, "params": 25},
        "encoder 8-3-8": {
            "config": {"input_shape": (8,), "units": (3,), "outputs": 8},
            "params": 59,
        },
        "explicit": {"config": {"explicit_backprop": True}, "params": 17},
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.5, "momentum": 0.9},
        },
        "loss": "mean_squared_error",
        "metrics": ["binary_accuracy"],
        "batch_size": 4,
        "epochs": 20,
        "shuffle": False,
    },
    deviations=[
        "the text proposes the method and names no network: sizes, logistic units, "
        "initial weights in [-1, 1] and the problems are those of the PDP group (1986)",
        "the mean of squared errors, where PDP has half their sum",
    ],
    tiny={},
    learns={"binary_accuracy": 1.0},
)
def werbos_mlp(
    *,
    input_shape=(2,),
    units=(4,),
    outputs=1,
    activation="sigmoid",
    explicit_backprop=False,
):
    """Layers of logistic units, trained by back-propagation (Werbos, 1982).

    Args:
        input_shape: `(n,)`, the number of inputs.
        units: widths of the hidden layers.
        outputs: number of output units, which are always logistic.
        activation: of the hidden units, `"sigmoid"` or for instance `"tanh"`.
        explicit_backprop: whether the layers carry their own backward pass, written
            out, in place of automatic differentiation.

    Returns:
        A compiled `keras.Sequential`, `(batch, n)` to `(batch, outputs)` in (0, 1).

    Raises:
        ValueError: `explicit_backprop` with units that are not logistic.
        TypeError: `units` is a single number.

    Example:
        >>> model = kerazoo.werbos_mlp(input_shape=(4,), units=(4,))
        >>> kerazoo.fit(model, "parity", epochs=5)

    Reference:
        doi:10.1007/BFb0006203; Parallel Distributed Processing, vol. 1, chapter 8.
    """
    if explicit_backprop and activation != "sigmoid":
        raise ValueError(
            "`explicit_backprop` is written for activation='sigmoid'. "
            f"Received: activation={activation!r}"
        )
    layer = BackpropDense if explicit_backprop else layers.Dense
    model = keras.Sequential([keras.Input(input_shape)])
    for index, width in enumerate((*widths(units), outputs), start=1):
        last = index > len(units)
        model.add(
            layer(
                width,
                activation="sigmoid" if last else activation,
                kernel_initializer=keras.initializers.RandomUniform(-1.0, 1.0),
                bias_initializer=keras.initializers.RandomUniform(-1.0, 1.0),
                name="output" if last else f"hidden{index}",
            )
        )
    return model
