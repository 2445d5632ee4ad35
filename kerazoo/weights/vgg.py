"""Key maps of kerazoo/zoo/vision/vgg.py."""

from keras import layers

from kerazoo.weights.translation import Layout


def TORCHVISION(model):
    """All modules are counted: convolutions, normalisations, ReLUs and pools."""
    rules = [("fc6", "classifier.0"), ("fc7", "classifier.3"), ("fc8", "classifier.6")]
    index = 0
    for layer in model.layers:
        if layer.name.startswith(("conv", "pool")):
            if layer.weights:
                rules.append((layer.name, f"features.{index}"))
            index += 1
            if isinstance(layer, layers.Conv2D) and layer.activation.__name__ == "relu":
                index += 1  # where the ReLU is a layer of its own
    return Layout(rules)


KERAS_APPLICATIONS = [
    (r"conv(\d)_(\d)", r"block\1_conv\2"),
    ("fc6", "fc1"),
    ("fc7", "fc2"),
    ("fc8", "predictions"),
]
