"""Keras layers that several architectures share."""

from kerazoo.layers.normalization import LocalResponseNormalization

__all__ = ["LocalResponseNormalization"]
