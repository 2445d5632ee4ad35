"""Speech as networks hear it: what frequencies it holds, every few milliseconds.

A filter bank belongs to a model as the ear it was trained with: speech recognizers keep
theirs in `model.filter_bank`, and it is saved with them.
"""

import numpy as np

WINDOW = 0.02  # seconds of a frame
STEP = 0.01  # seconds from frame to frame
# Recordings are no shorter than this many frames; what is missing is average.
MIN_FRAMES = 32
_SILENCE = 1e-8  # 80 dB below full scale


class FilterBank:
    """Log energies of linearly spaced bands of frequencies, and of the whole frame.

    Frames of 20 ms are taken every 10 ms. Each of the `bands + 1` features is
    standardised by its mean and deviation over the training recordings.

    Args:
        sample_rate: samples in a second of the recordings, in hertz.
        bands: number of bands between 0 and half the sample rate.
        mean: of each feature over the training recordings.
        std: standard deviation of each feature.

    Example:
        >>> FilterBank.fitted(recordings, 8000, bands=40)(recordings[0]).shape
        (52, 41)
    """

    def __init__(self, sample_rate, bands, mean=0.0, std=1.0):
        self.sample_rate = int(sample_rate)
        self.bands = bands
        self.mean = np.broadcast_to(np.float32(mean), (bands + 1,))
        self.std = np.broadcast_to(np.float32(std), (bands + 1,))
        samples = round(WINDOW * self.sample_rate)
        # Finer than the window asks for where bands would fall between frequencies.
        self._fft = 1 << (max(2 * samples, 2 * bands + 2) - 1).bit_length()
        self._window = np.hanning(samples + 2)[1:-1]
        bins = np.linspace(0, bands + 1, self._fft // 2 + 1)
        centres = np.arange(1, bands + 1)
        triangles = np.maximum(1 - np.abs(bins[:, None] - centres), 0)
        self._triangles = triangles / triangles.sum(axis=0)

    @classmethod
    def fitted(cls, recordings, sample_rate, bands):
        """The filter bank that standardises the given recordings."""
        bank = cls(sample_rate, bands)
        frames = np.concatenate([bank.energies(audio) for audio in recordings])
        mean, std = frames.mean(axis=0), frames.std(axis=0) + 1e-3
        return cls(sample_rate, bands, mean.tolist(), std.tolist())

    def __call__(self, audio):
        """Features of a recording: float32 `(frames, bands + 1)`.

        Args:
            audio: samples of one channel, integers of their type's range or floats in
                -1..1.
        """
        return self.standardized(self.energies(audio))

    def energies(self, audio, step=STEP):
        """Logarithms of the energies of bands and frame, `(frames, bands + 1)`."""
        audio, size = samples(audio), len(self._window)
        count = 1 + int(max(len(audio) - size, 0) / (step * self.sample_rate))
        starts = (np.arange(count) * step * self.sample_rate).round().astype(int)
        audio = np.pad(audio, (0, max(starts[-1] + size - len(audio), 0)))
        frames = audio[starts[:, None] + np.arange(size)]
        spectrum = np.fft.rfft(frames * self._window, self._fft)
        power = np.square(np.abs(spectrum)) / np.square(self._window).sum()
        whole = np.square(frames).mean(axis=1, keepdims=True)
        energies = np.concatenate([power @ self._triangles, whole], axis=1)
        return np.log(energies + _SILENCE).astype("float32")

    def standardized(self, energies):
        """Features from energies; those of a short recording are filled up with 0."""
        features = (energies - self.mean) / self.std
        return np.pad(features, ((0, max(MIN_FRAMES - len(features), 0)), (0, 0)))

    def get_config(self):
        """What the constructor takes."""
        return {
            "sample_rate": self.sample_rate,
            "bands": self.bands,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
        }


def samples(audio):
    """Samples of a recording as floats in -1..1.

    Integers count by the range of their type; those of 64 bits, as TensorFlow Datasets
    has them, hold samples of 16 bits.

    Raises:
        ValueError: the recording is empty or has several channels.
    """
    audio = np.asarray(audio)
    if audio.ndim != 1 or not len(audio):
        raise ValueError(
            "A recording must have the shape (samples,), at least one of them. "
            f"Received: {audio.shape}"
        )
    if np.issubdtype(audio.dtype, np.integer):
        kind = np.iinfo(np.int16 if audio.dtype == np.int64 else audio.dtype)
        middle = (kind.max + kind.min + 1) / 2  # not 0 where there is no sign
        return (audio.astype("float32") - middle) / (kind.max + 1 - middle)
    return audio.astype("float32")
