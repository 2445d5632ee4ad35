"""A keras.Model that makes images of noise, step by step.

Shared by the networks that estimate the noise in an image. Training and the samplers
do not depend on the network's inside.
"""

import math

import keras
import numpy as np
from keras import ops

from kerazoo.layers.average import Averaged
from kerazoo.layers.compilation import compiled
from kerazoo.layers.composite import Composite, mean_loss

SCHEDULES = ("linear", "cosine")
SAMPLERS = ("ancestral", "ddim")


def signal_shares(schedule, timesteps):
    """How much of an image's variance is left after each step of the diffusion.

    Args:
        schedule: `"linear"`: the variances beta of the added noise rise linearly,
            from 1e-4 to 0.02 in 1000 steps (Ho et al., 2020), faster in fewer, so
            that the whole is the same; `"cosine"`: the share itself falls as a squared
            cosine (Nichol & Dhariwal, 2021, equation 17).
        timesteps: number of steps.

    Returns:
        A list of `timesteps` numbers that fall from nearly 1 to nearly 0, the paper's
        alpha-bar.
    """
    if schedule == "linear":
        first, last = 0.1 / timesteps, 20 / timesteps
        slope = (last - first) / max(timesteps - 1, 1)
        betas = [first + slope * step for step in range(timesteps)]
    else:
        f = [
            math.cos((step / timesteps + 0.008) / 1.008 * math.pi / 2) ** 2
            for step in range(timesteps + 1)
        ]
        betas = [1 - after / before for before, after in zip(f, f[1:], strict=False)]
    return np.cumprod([1 - min(beta, 0.999) for beta in betas]).tolist()


@keras.saving.register_keras_serializable(package="kerazoo")
class Diffusion(Composite):
    """A network that learns to see the noise in images, and makes images by it.

    `fit(images)` needs no targets: every image of a batch is spoilt by as many steps of
    noise as is drawn for it, and the loss is the mean squared error of the network's
    estimate of that noise. `evaluate`, `predict` and `sample` use a moving average of
    the weights. `model(images)` is the estimate for images one step from clean; `noise`
    gives it for every step.

    Args:
        network: model from `[images, steps]` to the noise in the images; `steps` are
            integers `(batch,)`, 0 for images that one step of noise was added to.
        timesteps: steps from an image to noise.
        schedule: how fast the image vanishes, `"linear"` or `"cosine"`; see
            `signal_shares`.
        ema_momentum: of the average of the weights; see `Averaged`.
    """

    PARTS = ("network",)

    def __init__(
        self, network, timesteps=1000, schedule="linear", ema_momentum=0.9999,
        **keywords,
    ):  # fmt: skip
        if schedule not in SCHEDULES:
            raise ValueError(
                f"`schedule` must be one of {SCHEDULES}. Received: {schedule!r}"
            )
        if not isinstance(timesteps, int) or timesteps < 2:
            raise ValueError(
                f"`timesteps` must be an integer from 2 on. Received: {timesteps!r}"
            )
        averaged = Averaged(network, ema_momentum, name="averaged")
        image = keras.Input(network.input_shape[0][1:], name="image")
        steps = ops.zeros_like(image[:, 0, 0, 0], dtype="int32")
        super().__init__(image, averaged([image, steps]), **keywords)
        self.averaged = averaged
        self.timesteps, self.schedule = timesteps, schedule
        self.shares = signal_shares(schedule, timesteps)
        self.seed_generator = keras.random.SeedGenerator()
        self._program = None

    @property
    def network(self):
        """The network with its weights of the last step; `averaged` has the average."""
        return self.averaged.network

    def call(self, images, training=None, mask=None):
        if training:
            return self._errors(images, training=True)
        return super().call(images, training=False, mask=mask)

    def _errors(self, images, training):
        """How far the network is off about the noise that is added here."""
        images = ops.cast(images, "float32")
        seed, shape = self.seed_generator, ops.shape(images)
        steps = keras.random.randint(shape[:1], 0, self.timesteps, seed=seed)
        noise = keras.random.normal(shape, dtype="float32", seed=seed)
        share = ops.take(ops.convert_to_tensor(self.shares, "float32"), steps)
        share = ops.reshape(share, (-1, 1, 1, 1))
        noisy = ops.sqrt(share) * images + ops.sqrt(1 - share) * noise
        return self.averaged([noisy, steps], training=training) - noise

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        errors = y_pred if training else self._errors(x, training=False)
        return mean_loss(ops.mean(ops.square(errors), axis=(1, 2, 3)), sample_weight)

    def noise(self, images, steps):
        """The averaged network's estimate of the noise in images.

        Args:
            images: array `(n, height, width, channels)`.
            steps: integers in 0..timesteps-1, `(n,)` or one for all: how many steps of
                noise were added to the images, less one.

        Returns:
            NumPy array of the images' shape, of standard deviation near 1. Divided by
            `-sqrt(1 - shares[steps])` it is the score, the gradient of the logarithm
            of the noisy images' density.
        """
        steps = np.broadcast_to(np.asarray(steps, "int32"), len(images))
        if steps.min() < 0 or steps.max() >= self.timesteps:
            raise ValueError(
                f"`steps` must be in 0..{self.timesteps - 1}. Received: {steps}"
            )
        images = ops.convert_to_tensor(images, "float32")
        estimate = self.averaged([images, ops.convert_to_tensor(steps)], training=False)
        return ops.convert_to_numpy(estimate)

    def sample(self, n, *, seed=None, steps=None, sampler="ancestral", batch_size=128):
        """New images, of noise, by the averaged network; compiled.

        Args:
            n: how many.
            seed: an integer that fixes the draw.
            steps: how often the network is called; once for each of the `timesteps` by
                default. Fewer are spread evenly over them; `"ddim"` does with some
                tens, `"ancestral"` needs hundreds.
            sampler: `"ancestral"` draws every step anew (Ho et al., 2020, algorithm
                2); `"ddim"` draws the first noise only, and is deterministic from
                there (Song et al., 2021).
            batch_size: how many are made at once.

        Returns:
            NumPy array `(n, height, width, channels)` of floats in -1..1.
        """
        size, seed = min(n, batch_size), keras.random.SeedGenerator(seed)
        batches = []
        for _ in range(0, n, size):
            for images in self._walk(size, seed, steps, sampler):
                last = images
            batches.append(ops.convert_to_numpy(last))
        return np.concatenate(batches)[:n]

    def trajectory(self, n, *, frames=10, seed=None, **sampling):
        """How samples come out of noise: those of `sample`, on their way.

        Args:
            n: how many images.
            frames: views of each, evenly spread from the noise to the sample.
            seed: an integer that fixes the draw.
            **sampling: `steps` and `sampler`, as for `sample`.

        Returns:
            NumPy array `(n, frames, height, width, channels)`.
        """
        walk = list(self._walk(n, keras.random.SeedGenerator(seed), **sampling))
        chosen = np.linspace(0, len(walk) - 1, frames).round().astype(int)
        views = [ops.convert_to_numpy(walk[index]) for index in chosen]
        return np.stack(views, axis=1)

    def _walk(self, n, seed, steps=None, sampler="ancestral"):
        """Images from pure noise to samples: before the first step and after each."""
        plan = self.plan(steps, sampler)
        shape = n, *self.input_shape[1:]
        images = keras.random.normal(shape, dtype="float32", seed=seed)
        yield images
        for step, *factors in plan:
            noise = images  # of no account where its factor is zero
            if factors[-1]:
                noise = keras.random.normal(shape, dtype="float32", seed=seed)
            arguments = np.full(n, step, "int32"), np.array(factors, "float32")
            arguments = map(ops.convert_to_tensor, arguments)
            images = self._step(images, noise, *arguments)
            yield images

    def plan(self, steps=None, sampler="ancestral"):
        """What a sampler does, as numbers.

        Args:
            steps: as for `sample`.
            sampler: as for `sample`.

        Returns:
            A list of rows `(t, signal, noise, a, b, c)` in the order of sampling. With
            the network's estimate at step t, the clean image is x0 = (x - noise *
            estimate) / signal, clipped to -1..1, and the next x = a * x0 + b * x + c *
            fresh noise.
        """
        if sampler not in SAMPLERS:
            raise ValueError(
                f"`sampler` must be one of {SAMPLERS}. Received: {sampler!r}"
            )
        steps = self.timesteps if steps is None else steps
        if not isinstance(steps, int) or not 1 <= steps <= self.timesteps:
            raise ValueError(
                f"`steps` must be an integer in 1..{self.timesteps}. Received: "
                f"{steps!r}"
            )
        # The last step is always one of them: sampling starts from pure noise.
        times = [self.timesteps * (i + 1) // steps - 1 for i in range(steps)]
        rows = []
        for time, before in zip(times, [None, *times[:-1]], strict=True):
            share, left = self.shares[time], 1.0
            if before is not None:
                left = self.shares[before]
            signal, noise = math.sqrt(share), math.sqrt(1 - share)
            if sampler == "ddim":  # Song et al., equation 12 with sigma = 0
                b = math.sqrt(1 - left) / noise
                a, c = math.sqrt(left) - signal * b, 0.0
            else:  # Ho et al., equation 7, and sigma^2 = beta
                alpha = share / left
                a = math.sqrt(left) * (1 - alpha) / (1 - share)
                b = math.sqrt(alpha) * (1 - left) / (1 - share)
                c = 0.0 if before is None else math.sqrt(1 - alpha)
            rows.append((time, signal, noise, a, b, c))
        return rows[::-1]

    def _step(self, *arguments):
        """One step of the plan; the trainer's `run_eagerly` leaves it uncompiled."""
        if self.run_eagerly:
            return self._denoise(*arguments)
        if self._program is None:
            self._program = compiled(self._denoise, self)
        return self._program(*arguments)

    def _denoise(self, images, fresh, steps, factors):
        signal, noise, a, b, c = ops.unstack(factors)
        estimate = self.averaged([images, steps], training=False)
        clean = ops.clip((images - noise * estimate) / signal, -1.0, 1.0)
        return a * clean + b * images + c * fresh

    def get_config(self):
        return {
            **super().get_config(),
            "timesteps": self.timesteps,
            "schedule": self.schedule,
            "ema_momentum": self.averaged.momentum,
        }
