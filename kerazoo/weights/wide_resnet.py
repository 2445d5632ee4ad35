"""Key map of kerazoo/zoo/vision/wide_resnet.py: ResNet's."""

from kerazoo.weights.resnet import TORCHVISION

__all__ = ["TORCHVISION"]
