"""Key maps of kerazoo/zoo/vision/wide_resnet.py: those of the narrow networks."""

from kerazoo.weights.resnet import TORCHVISION
from kerazoo.weights.resnet_v2_cifar import PYTORCHCV

__all__ = ["PYTORCHCV", "TORCHVISION"]
