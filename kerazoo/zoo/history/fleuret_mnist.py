"""The MNIST convnet of Fleuret's Deep Learning Course (EE-559, 2018).

The network on which the lectures show that a page of code reaches 1 % test error in
seconds on a GPU. Pooling comes before the ReLU, which commutes with it and is cheaper.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.zoo.history.lenet5 import check_size


@architecture(
    title="Fleuret's MNIST convnet",
    paper="Fleuret, 2018, Deep Learning Course (EE-559), introduction lectures",
    year=2018,
    url="https://fleuret.org/dlc/",
    task="image classification",
    lectures=["003: nn.Sequential version", "004: class Net(nn.Module)"],
    dataset="mnist",
    offline="digits",
    params=105_506,
    macs=1_333_200,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 100,
        "epochs": 10,
        "shuffle": False,
        "steps_per_execution": 20,
    },
    preprocess={"mean": 33.318, "std": 78.567},
    published=["about 1 % test error in 7 s (004) or 8 s (003) on a GTX 1080"],
    deviations=[
        "ends in a softmax where the lecture's cross-entropy takes logits "
        "(classifier_activation=None gives those)",
        "kernels start from Glorot uniform, Keras' default, instead of torch's",
    ],
    tiny={"filters": (8, 16), "units": 32},
    tiny_recipe={"batch_size": 32, "epochs": 20, "shuffle": True},
    learns={"accuracy": 0.96},
)
def fleuret_mnist(
    *,
    input_shape=(28, 28, 1),
    classes=10,
    filters=(32, 64),
    units=200,
    classifier_activation="softmax",
):
    """Fleuret's convolutional network for MNIST (Deep Learning Course, 2018).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        filters: channels of the two convolutions.
        units: width of the hidden dense layer.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: images smaller than 22x22, or `filters` that are not two.

    Example:
        >>> model = kerazoo.fleuret_mnist()
        >>> kerazoo.fit(model, "digits", epochs=2)

    Reference:
        https://fleuret.org/dlc/, introduction, the listing "class Net".
    """
    check_size(input_shape, 22)
    check_entries("filters", filters, 2)
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 28x28x1
            layers.Conv2D(filters[0], 5, name="conv1"),  # 24x24x32
            layers.MaxPooling2D(3, name="pool1"),  # 8x8x32
            layers.ReLU(name="relu1"),
            layers.Conv2D(filters[1], 5, name="conv2"),  # 4x4x64
            layers.MaxPooling2D(2, name="pool2"),  # 2x2x64
            layers.ReLU(name="relu2"),
            layers.Flatten(name="flatten"),  # 256
            layers.Dense(units, activation="relu", name="fc1"),
            layers.Dense(
                classes, activation=classifier_activation, dtype="float32", name="fc2"
            ),
        ]
    )
