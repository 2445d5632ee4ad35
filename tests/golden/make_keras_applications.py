"""Regenerates tests/golden/keras.applications: python make_keras_applications.py."""

import re

import keras
import peers

MODELS = {
    "VGG16": dict(builder="vgg16", input_shape=(64, 64, 3)),
    "VGG19": dict(builder="vgg19", input_shape=(64, 64, 3)),
    "ResNet50": dict(builder="resnet50", input_shape=(96, 96, 3), gain=0.7),
    "DenseNet121": dict(builder="densenet121", input_shape=(64, 64, 3)),
    "InceptionV3": dict(builder="inception_v3", input_shape=(139, 139, 3)),
    "InceptionResNetV2": dict(
        builder="inception_resnet_v2", input_shape=(139, 139, 3), gain=0.7
    ),
    "Xception": dict(builder="xception", input_shape=(96, 96, 3), gain=0.7),
    "ResNet50V2": dict(
        builder="resnet50_v2",
        config={"stage_stride": "last"},
        input_shape=(96, 96, 3),
        gain=0.7,
    ),
    "ConvNeXtTiny": dict(
        builder="convnext_tiny",
        peer={"include_preprocessing": False},
        input_shape=(64, 64, 3),
    ),
}


def run(model, x, settings, fill):
    keras.backend.clear_session()  # automatic layer names count from zero
    net = getattr(keras.applications, model)(
        weights=None,
        input_shape=settings["input_shape"],
        classifier_activation=None,
        **settings.get("peer", {}),
    )
    # ConvNeXt's layer scales have a number for a name.
    unnamed = re.compile(r"variable(_\d+)?")
    variables = {
        f"{layer.name}/{unnamed.sub('gamma', variable.name)}": variable
        for layer in net._flatten_layers(include_self=False)
        for variable in layer.weights
        if not hasattr(layer, "layers")
    }
    values = fill({name: variable.shape for name, variable in variables.items()})
    for name, variable in variables.items():
        variable.assign(values[name])
    return net.predict(x, verbose=0)


if __name__ == "__main__":
    peers.make("keras.applications", keras.__version__, MODELS, run)
