"""Keras layers that several architectures share."""

from kerazoo.layers.attention import CausalSelfAttention, LearnedPositions
from kerazoo.layers.auxiliary import WithAuxiliaryHeads
from kerazoo.layers.language_model import LanguageModel
from kerazoo.layers.normalization import LocalResponseNormalization

__all__ = [
    "CausalSelfAttention",
    "LanguageModel",
    "LearnedPositions",
    "LocalResponseNormalization",
    "WithAuxiliaryHeads",
]
