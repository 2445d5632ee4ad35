"""What agents see, as networks take it."""

from keras import layers


def as_vector(inputs):
    """A flat vector of an input; pictures, bytes of 0..255, are scaled to 0..1."""
    x = inputs
    if len(x.shape) == 4:
        x = layers.Rescaling(1 / 255, name="rescaling")(x)
    return layers.Flatten(name="flatten")(x)
