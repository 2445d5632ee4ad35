"""What a trained classifier looks at, dreams of, and is fooled by.

Procedures over any classifier of the zoo, or any other functional Keras model from a
batch of images to scores of classes. They take images as the model does, standardised,
and give NumPy arrays; the same code runs on TensorFlow, JAX and torch.
"""

from kerazoo.interpret.adversarial import distortion, fgsm, lbfgs, pgd
from kerazoo.interpret.attribution import (
    grad_cam,
    input_gradient,
    integrated_gradients,
    saliency,
    smooth_grad,
)
from kerazoo.interpret.classifier import pixel_range, scores
from kerazoo.interpret.deconvolution import deconvnet, strongest
from kerazoo.interpret.dreams import class_visualization, deep_dream
from kerazoo.interpret.pictures import overlay, sheet

__all__ = [
    "class_visualization",
    "deconvnet",
    "deep_dream",
    "distortion",
    "fgsm",
    "grad_cam",
    "input_gradient",
    "integrated_gradients",
    "lbfgs",
    "overlay",
    "pgd",
    "pixel_range",
    "saliency",
    "scores",
    "sheet",
    "smooth_grad",
    "strongest",
]
