"""Network in Network (Lin, Chen & Yan, 2014, arXiv:1312.4400).

Each convolution is followed by two 1x1 convolutions, a small perceptron that slides
over the image; and the classifier is nothing but the average of one feature map per
class, without dense layers. Both ideas live on in Inception and ResNet. BN-NIN is the
later network with batch normalisation on the chart of Canziani et al. (2016).
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import ClippedAveragePooling2D


def mlpconv(x, filters, kernel_size, strides=1, padding="same", name=None):
    """Section 3.1: a convolution and two 1x1 convolutions, each with ReLU."""
    for i, channels in enumerate(filters):
        x = layers.Conv2D(
            channels,
            kernel_size if i == 0 else 1,
            strides if i == 0 else 1,
            padding=padding,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_{i + 1}",
        )(x)
    return x


def class_maps(x, classes, classifier_activation, name):
    """Section 3.2: a feature map for each class, averaged; no dense layers."""
    x = layers.Conv2D(
        classes,
        1,
        activation="relu",
        kernel_initializer="he_normal",
        bias_initializer="ones",  # a class whose map starts at zero would stay there
        name=name,
    )(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Activation(classifier_activation, dtype="float32", name="class")(x)


@architecture(
    title="Network in Network for CIFAR-10",
    paper="Lin, Chen & Yan, 2014, Network in network, ICLR",
    year=2014,
    url="arXiv:1312.4400",
    task="image classification",
    lectures=["000: Canziani et al. (2016)", "004: Canziani et al. (2016)"],
    dataset="cifar10",
    offline="digits",
    params=966_986,
    macs=222_486_528,
    variants={"cifar100": {"config": {"classes": 100}, "params": 984_356}},
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.05, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {"kind": "step", "epochs": [120, 150], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 164,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=[
        "CIFAR-10 test error 10.41 %, with augmentation 8.81 % (Table 1)",
        "CIFAR-100 test error 35.68 % (Table 2)",
    ],
    deviations=[
        "filters, and a second pooling by means where the paper's text has maxima, are "
        "those of the authors' code; the paper tells none",
        "channels are standardised; the paper normalises each image's contrast and "
        "whitens",
        "weights start from He's initialisation, biases of the class maps from 1",
        "learning rate, weight decay and epochs are ours; the paper sets them by hand",
    ],
    tiny={"filters": ((24, 24, 24), (32, 32, 32), (32, 32)), "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 4e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def nin_cifar10(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    filters=((192, 160, 96), (192, 192, 192), (192, 192)), dropout=0.5,
):  # fmt: skip
    """Network in Network for CIFAR-10 (Lin, Chen & Yan, 2014).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes, also of the last feature maps.
        classifier_activation: `"softmax"`, or None for logits (which are not negative:
            the class maps are rectified).
        filters: channels of the convolutions in each of the three mlpconv layers.
        dropout: rate after the first two mlpconv layers.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.nin_cifar10()

    Reference:
        arXiv:1312.4400, Figure 2 and section 4.
    """
    check_entries("filters", filters, 3)
    for i, number in enumerate((3, 3, 2)):
        check_entries(f"filters[{i}]", filters[i], number)
    inputs = keras.Input(input_shape)
    x = mlpconv(inputs, filters[0], 5, name="mlpconv1")  # 32x32x96
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)  # 16x16x96
    x = layers.Dropout(dropout, name="dropout1")(x)
    x = mlpconv(x, filters[1], 5, name="mlpconv2")  # 16x16x192
    x = ClippedAveragePooling2D(3, 2, name="pool2")(x)  # 8x8x192
    x = layers.Dropout(dropout, name="dropout2")(x)
    x = mlpconv(x, filters[2], 3, name="mlpconv3")  # 8x8x192
    x = class_maps(x, classes, classifier_activation, "mlpconv3_3")  # 8x8x10, 10
    return keras.Model(inputs, x)


@architecture(
    variant_of="nin_cifar10",
    title="Network in Network for ImageNet",
    dataset="imagenet2012",
    params=7_595_176,
    macs=1_100_188_800,
    published=["ImageNet val top-1 accuracy 59.36 % (Caffe Model Zoo)"],
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [30, 60, 80], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 90,
        "augment": {"random_resized_crop": [0.77, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    deviations=[
        "not in the paper: the authors' later Caffe model",
        "standardised channels and AlexNet's recipe",
        "weights start from He's initialisation, biases of the class maps from 1",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10, "filters": (16, 32, 48, 64),
          "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
        "metrics": ["accuracy"],
    },
)  # fmt: skip
def nin_imagenet(
    *, input_shape=(224, 224, 3), classes=1000, classifier_activation="softmax",
    filters=(96, 256, 384, 1024), dropout=0.5,
):  # fmt: skip
    """Network in Network for ImageNet, the authors' Caffe model.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes, also of the last feature maps.
        classifier_activation: `"softmax"`, or None for logits (which are not negative:
            the class maps are rectified).
        filters: channels of the four mlpconv layers.
        dropout: rate before the last mlpconv layer.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.nin_imagenet()

    Reference:
        arXiv:1312.4400, and the authors' Caffe model for ImageNet.
    """
    check_entries("filters", filters, 4)
    a, b, c, d = filters
    inputs = keras.Input(input_shape)
    x = mlpconv(inputs, (a, a, a), 11, 4, "valid", name="mlpconv1")  # 54x54x96
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)  # 27x27x96
    x = mlpconv(x, (b, b, b), 5, name="mlpconv2")  # 27x27x256
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)  # 13x13x256
    x = mlpconv(x, (c, c, c), 3, name="mlpconv3")  # 13x13x384
    x = layers.MaxPooling2D(3, 2, name="pool3")(x)  # 6x6x384
    x = layers.Dropout(dropout, name="dropout")(x)
    x = mlpconv(x, (d, d), 3, name="mlpconv4")  # 6x6x1024
    x = class_maps(x, classes, classifier_activation, "mlpconv4_3")  # 6x6x1000, 1000
    return keras.Model(inputs, x)


def mlpconv_bn(x, filters, kernel_size, strides=1, name=None):
    """Three convolutions of `filters` maps, batch normalisation and ReLU after each."""
    for i in range(3):
        if i == 0:
            x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
        x = layers.Conv2D(
            filters,
            kernel_size if i == 0 else 1,
            strides if i == 0 else 1,
            kernel_initializer="he_normal",
            name=f"{name}_{i + 1}",
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_{i + 1}_bn")(x)
        x = layers.ReLU(name=f"{name}_{i + 1}_relu")(x)
    return x


@architecture(
    variant_of="nin_imagenet",
    title="BN-NIN",
    paper="Public torch7 model; Canziani, Paszke & Culurciello, 2016, An analysis of "
    "deep neural network models for practical applications",
    year=2016,
    url="arXiv:1605.07678",
    params=8_655_336,
    non_trainable=10_560,
    macs=1_259_939_840,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [9, 19, 25], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 30,
        "augment": {"random_resized_crop": [0.77, 1.0], "flip": True},
    },
    published=["ImageNet val top-1 accuracy 62.6 %, centre crop (Figure 1)"],
    deviations=[
        "weights start from He's initialisation",
        "weight decay stays on; the original regime drops it after 19 epochs",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10, "filters": (12, 24, 32, 64)},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 6,
        "augment": None,
        "metrics": ["accuracy"],
    },
)  # fmt: skip
def bn_nin(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(96, 256, 384, 1024),
):  # fmt: skip
    """Network in Network with batch normalisation (Canziani et al., 2016).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        filters: channels of the four mlpconv layers.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.bn_nin()

    Reference:
        arXiv:1312.4400; arXiv:1605.07678, the point BN-NIN of its figures.
    """
    check_entries("filters", filters, 4)
    inputs = x = keras.Input(input_shape)
    # 56x56x96, 28x28x256, 14x14x384, 7x7x1024
    for i, kernel_size in enumerate((11, 5, 3, 3)):
        if i > 0:
            x = layers.ZeroPadding2D(1, name=f"pool{i}_pad")(x)
            x = layers.MaxPooling2D(3, 2, name=f"pool{i}")(x)
        strides = 4 if i == 0 else 1
        x = mlpconv_bn(x, filters[i], kernel_size, strides, name=f"mlpconv{i + 1}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
