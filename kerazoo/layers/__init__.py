"""Keras layers that several architectures share."""

from kerazoo.layers.auxiliary import WithAuxiliaryHeads
from kerazoo.layers.normalization import LocalResponseNormalization

__all__ = ["LocalResponseNormalization", "WithAuxiliaryHeads"]
