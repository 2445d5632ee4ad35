"""The network of the T-C problem (Rumelhart, Hinton & Williams, 1986, PDP chapter 8).

Tell a T of five squares from a C, wherever it stands and however it is turned. Every
hidden unit sees a 3x3 window and all share one set of weights: a convolution, four
years before the zip-code network. No view of two squares at a time can solve it.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@architecture(
    title="Network for the T-C problem",
    paper="Rumelhart, Hinton & Williams, 1986, Learning internal representations by "
    "error propagation, Parallel Distributed Processing, vol. 1, chapter 8",
    year=1986,
    url="https://apps.dtic.mil/sti/citations/ADA164453",
    task="pattern recognition",
    lectures=["004: Network for the T-C problem (Rumelhart et al., 1988)"],
    dataset="tc_patterns",
    offline="tc_patterns",
    params=23,
    macs=1_460,
    variants={
        "1 filter": {"config": {"filters": 1}, "params": 12},
        "4 filters": {"config": {"filters": 4}, "params": 45},
        "unshared": {"config": {"shared_output": False}, "params": 183},
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}},
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 8,
        "epochs": 15,
        "shuffle": False,
    },
    published=["solved in 5,000 to 10,000 presentations of the 8 patterns"],
    deviations=[
        "two kinds of hidden unit, where the paper has one (filters=1): one finds a "
        "solution from some initial weights only",
        "Adam on cross-entropy; the paper descends the squared error with momentum",
        "size of the retina, initial weights and the sharing of output weights are "
        "ours; hidden biases start at -3, so that the sum over all places stays small",
    ],
    tiny={},
    learns={"accuracy": 1.0},
)
def tc_network(*, input_shape=(11, 11, 1), filters=2, shared_output=True):
    """One shared 3x3 window looking for a T or a C (Rumelhart et al., 1986).

    Args:
        input_shape: height and width of the retina, and 1.
        filters: number of kinds of hidden unit.
        shared_output: whether all hidden units of a kind have the same output weight;
            the answer is then the same wherever the pattern stands.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` of 0 and 1 to `(batch, 1)`,
        the probability of a T.

    Example:
        >>> model = kerazoo.tc_network()
        >>> kerazoo.fit(model, seed=0)

    Reference:
        Parallel Distributed Processing, vol. 1, chapter 8, The T-C problem.
    """
    inputs = keras.Input(input_shape)  # 11x11x1
    x = layers.Conv2D(
        filters,
        3,
        activation="sigmoid",
        kernel_initializer=keras.initializers.RandomUniform(-2.0, 2.0),
        bias_initializer=keras.initializers.Constant(-3.0),
        name="hidden",
    )(inputs)  # 9x9x2
    x = ops.sum(x, axis=(1, 2)) if shared_output else layers.Flatten(name="flatten")(x)
    x = layers.Dense(
        1,
        activation="sigmoid",
        kernel_initializer=keras.initializers.RandomUniform(-0.5, 0.5),
        name="output",
    )(x)
    return keras.Model(inputs, x)
