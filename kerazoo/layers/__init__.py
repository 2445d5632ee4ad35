"""Keras layers that several architectures share."""

from kerazoo.layers.attention import CausalSelfAttention, LearnedPositions
from kerazoo.layers.auxiliary import WithAuxiliaryHeads
from kerazoo.layers.ensemble import Ensemble
from kerazoo.layers.gaussian import GaussianNLL
from kerazoo.layers.graph import SymmetricPropagation
from kerazoo.layers.language_model import LanguageModel
from kerazoo.layers.monte_carlo import MonteCarlo
from kerazoo.layers.normalization import LocalResponseNormalization

__all__ = [
    "CausalSelfAttention",
    "Ensemble",
    "GaussianNLL",
    "LanguageModel",
    "LearnedPositions",
    "LocalResponseNormalization",
    "MonteCarlo",
    "SymmetricPropagation",
    "WithAuxiliaryHeads",
]
