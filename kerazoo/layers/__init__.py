"""Keras layers that several architectures share."""

from kerazoo.layers.attention import CausalSelfAttention, LearnedPositions
from kerazoo.layers.auxiliary import WithAuxiliaryHeads
from kerazoo.layers.average import Averaged
from kerazoo.layers.detector import Detector
from kerazoo.layers.ensemble import Ensemble
from kerazoo.layers.gaussian import GaussianNLL
from kerazoo.layers.graph import SymmetricPropagation
from kerazoo.layers.language_model import LanguageModel
from kerazoo.layers.monte_carlo import MonteCarlo
from kerazoo.layers.normalization import LocalResponseNormalization
from kerazoo.layers.pooling import ClippedAveragePooling2D
from kerazoo.layers.roi_align import RoIAlign
from kerazoo.layers.segmentation import MeanIoU, SegmentationModel

__all__ = [
    "Averaged",
    "CausalSelfAttention",
    "ClippedAveragePooling2D",
    "Detector",
    "Ensemble",
    "GaussianNLL",
    "LanguageModel",
    "LearnedPositions",
    "LocalResponseNormalization",
    "MeanIoU",
    "MonteCarlo",
    "RoIAlign",
    "SegmentationModel",
    "SymmetricPropagation",
    "WithAuxiliaryHeads",
]
