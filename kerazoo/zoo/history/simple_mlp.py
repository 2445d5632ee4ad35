"""Fully connected networks for digits, from the lectures and from the record tables.

The network of the lectures' first Keras program (Ollion & Grisel), and what dropout
(Hinton et al., 2012) and depth with patience (Ciresan et al., 2010) made of its kind.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.history.lenet5 import scaled_tanh


def widths(units):
    """The widths of hidden layers, checked."""
    if isinstance(units, int):
        raise TypeError(
            "`units` must be a tuple, the widths of the hidden layers. "
            f"Received: units={units}"
        )
    return tuple(units)


@architecture(
    title="Simple Keras MLP",
    paper="Ollion & Grisel, Introduction to Deep Learning, slide Simple Keras "
    "implementation",
    year=2017,
    url="https://github.com/m2dsupsdclass/lectures-labs",
    task="image classification",
    lectures=["002: Simple keras implementation"],
    dataset="mnist",
    offline="digits",
    params=407_050,
    macs=406_528,
    variants={
        "N=64, H=100": {
            "config": {"input_shape": (64,), "units": 100},
            "params": 7_510,
        },
    },
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 10,
    },
    preprocess={"mean": 0.0, "std": 255.0},
    deviations=[
        "the slide leaves the sizes N, H, K and the training open",
    ],
    tiny={"input_shape": (64,), "units": 100},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "epochs": 20,
    },
    learns={"accuracy": 0.965},
)
def simple_mlp(
    *, input_shape=(784,), units=512, classes=10, classifier_activation="softmax"
):
    """One tanh layer and a softmax, the lectures' first Keras program.

    Args:
        input_shape: `(N,)`, the number of inputs.
        units: H, width of the hidden layer.
        classes: K, number of classes.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, N)` floats to `(batch, classes)`.

    Example:
        >>> model = kerazoo.simple_mlp(input_shape=(64,), units=100)
        >>> kerazoo.fit(model, "digits", epochs=5)

    Reference:
        https://github.com/m2dsupsdclass/lectures-labs, Introduction to Deep Learning.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Dense(units, name="w0"),
            layers.Activation("tanh", name="tanh"),
            layers.Dense(classes, dtype="float32", name="w1"),
            layers.Activation(classifier_activation, dtype="float32", name="output"),
        ]
    )


@architecture(
    variant_of="simple_mlp",
    title="Dropout MLP",
    paper="Hinton, Srivastava, Krizhevsky, Sutskever & Salakhutdinov, 2012, Improving "
    "neural networks by preventing co-adaptation of feature detectors",
    year=2012,
    url="arXiv:1207.0580",
    lectures=[],
    params=1_276_810,
    macs=1_275_200,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9},
        },
        "schedule": {"kind": "linear"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 100,
        "epochs": 100,
    },
    published=[
        "110 errors on MNIST's 10,000 test digits; 130 without dropout of the inputs, "
        "160 for the best networks of this kind without any",
    ],
    deviations=[
        "100 epochs at momentum 0.9 and a rate falling linearly from 0.1; the paper "
        "trains for 3000, with momentum rising from 0.5 to 0.99 and a rate of 10, "
        "times 1 minus the momentum, that shrinks by 0.998 an epoch",
        "kernels start from Glorot uniform, Keras' default; in the paper from a normal "
        "distribution of standard deviation 0.01",
        "what is kept is scaled up in training, where the paper halves the outgoing "
        "weights in testing; both are the same network",
    ],
    tiny={
        "input_shape": (64,),
        "units": (256, 256),
        "input_dropout": 0.1,
        "dropout": 0.3,
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 30,
    },
    learns={"accuracy": 0.975},
)
def dropout_mlp(
    *,
    input_shape=(784,),
    units=(800, 800),
    classes=10,
    activation="relu",
    input_dropout=0.2,
    dropout=0.5,
    max_norm=3.873,
    classifier_activation="softmax",
):
    """Two wide layers, with dropout on inputs and units (Hinton et al., 2012).

    Args:
        input_shape: `(N,)`, the number of inputs.
        units: widths of the hidden layers.
        classes: number of classes.
        activation: of the hidden layers, `"relu"` or for instance `"sigmoid"`.
        input_dropout: share of the inputs that is dropped.
        dropout: share of the hidden units that is dropped.
        max_norm: greatest length of a hidden unit's vector of incoming weights; the
            paper bounds its square by 15.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, N)` floats to `(batch, classes)`.

    Raises:
        TypeError: `units` is a single number.

    Example:
        >>> model = kerazoo.dropout_mlp()

    Reference:
        arXiv:1207.0580, appendix A.
    """
    model = keras.Sequential([keras.Input(input_shape)])
    model.add(layers.Dropout(input_dropout, name="input_dropout"))
    for index, width in enumerate(widths(units), start=1):
        model.add(
            layers.Dense(
                width,
                activation=activation,
                kernel_constraint=keras.constraints.MaxNorm(max_norm, axis=0),
                name=f"fc{index}",
            )
        )
        model.add(layers.Dropout(dropout, name=f"dropout{index}"))
    model.add(
        layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="output"
        )
    )
    return model


@architecture(
    variant_of="simple_mlp",
    title="Deep big simple MLP",
    paper="Ciresan, Meier, Gambardella & Schmidhuber, 2010, Deep, big, simple neural "
    "nets for handwritten digit recognition, Neural Computation 22(12)",
    year=2010,
    url="arXiv:1003.0358",
    lectures=[],
    params=12_115_010,
    macs=12_107_500,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e-3}},
        "schedule": {"kind": "exponential", "factor": 0.993},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 1,
        "epochs": 1000,
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=["MNIST test error 0.35 % with elastically distorted images (Table 1)"],
    deviations=[
        "training images are not distorted, on which the published error depends",
        "digits are scaled to 29x29 instead of framed",
        "a softmax with cross-entropy at the end, where the paper speaks of scaled "
        "tanh units only; biases start at 0",
        "the learning rate falls by 0.7 % an epoch, to 1e-6 as in the paper",
    ],
    tiny={"input_shape": (64,), "units": (256, 128, 64)},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 16,
        "epochs": 30,
    },
    learns={"accuracy": 0.96},
)
def six_layer_mlp(
    *,
    input_shape=(841,),
    units=(2500, 2000, 1500, 1000, 500),
    classes=10,
    classifier_activation="softmax",
):
    """Six layers of scaled tanh units, the best plain MLP on MNIST (Ciresan, 2010).

    Args:
        input_shape: `(N,)`, the number of inputs; 29x29 pixels.
        units: widths of the hidden layers.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, N)` floats in [-1, 1] to
        `(batch, classes)`.

    Raises:
        TypeError: `units` is a single number.

    Example:
        >>> model = kerazoo.six_layer_mlp(units=(1000, 500))

    Reference:
        arXiv:1003.0358, section 2 and Table 1.
    """
    model = keras.Sequential([keras.Input(input_shape)])
    for index, width in enumerate((*widths(units), classes), start=1):
        last = index > len(units)
        model.add(
            layers.Dense(
                width,
                activation=classifier_activation if last else scaled_tanh,
                kernel_initializer=keras.initializers.RandomUniform(-0.05, 0.05),
                dtype="float32" if last else None,
                name="output" if last else f"fc{index}",
            )
        )
    return model


@architecture(
    variant_of="simple_mlp",
    title="INFO8010 MLP",
    paper="Louppe, INFO8010 Deep Learning, University of Liege, code of lecture 5",
    year=2023,
    url="https://github.com/glouppe/info8010-deep-learning",
    lectures=["001: the course"],
    params=6_442,
    macs=6_416,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.01},
        },
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 1,
    },
    preprocess={"mean": 33.33, "std": 78.57},
    published=["MNIST test accuracy 0.894 after one epoch (the course's notebook)"],
    deviations=[
        "ends in a softmax, where the course's network gives logits",
        "biases do not decay, where the notebook's optimizer decays them too",
        "weights start from Glorot uniform, Keras' default, instead of torch's",
    ],
    tiny={"units": (16, 16)},
    tiny_recipe={
        "optimizer": {"class_name": "AdamW", "config": {"learning_rate": 1e-2}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 20,
    },
    learns={"accuracy": 0.96},
)
def info8010_mlp(
    *,
    input_shape=(28, 28, 1),
    units=(8, 8),
    classes=10,
    classifier_activation="softmax",
):
    """Two narrow ReLU layers, the first network of the INFO8010 course.

    Args:
        input_shape: height, width and channels of an image.
        units: widths of the hidden layers.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats to
        `(batch, classes)`.

    Raises:
        TypeError: `units` is a single number.

    Example:
        >>> model = kerazoo.info8010_mlp()

    Reference:
        https://github.com/glouppe/info8010-deep-learning, code/lec5-convnet.ipynb.
    """
    model = keras.Sequential([keras.Input(input_shape), layers.Flatten(name="flatten")])
    for index, width in enumerate(widths(units), start=1):
        model.add(layers.Dense(width, activation="relu", name=f"fc{index}"))
    model.add(
        layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="output"
        )
    )
    return model
