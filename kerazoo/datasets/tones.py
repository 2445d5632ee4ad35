"""Letters as tones: an embedded set of recordings whose words are played.

Each of eight letters is a tone of its own, with two overtones, at the frequencies of
`TONES`. A letter lasts 50 to 110 ms and is parted from the next by 20 to 40 ms, a word
from the next by 120 to 200 ms. Every recording has its own pace, loudness, pitch within
3 %, and noise 15 to 30 dB below the tones.
"""

import numpy as np

from kerazoo.datasets.embedded import embedded

RATE = 8000
TONES = dict(zip("abcdefgh", 300 * 1.3 ** np.arange(8), strict=True))


def play(text, random):
    """A recording of a text of the letters a to h, int16."""
    pitch, pace = random.uniform(0.97, 1.03), random.uniform(0.85, 1.15)

    def silence(low, high):
        return np.zeros(int(RATE * pace * random.uniform(low, high)))

    parts = [silence(0.02, 0.1)]
    for letter in text:
        if letter == " ":
            parts.append(silence(0.1, 0.16))
            continue
        time = np.arange(int(RATE * pace * random.uniform(0.05, 0.11))) / RATE
        angles = 2 * np.pi * TONES[letter] * pitch * time
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.008)
        overtones = zip((1, 2, 3), (1.0, 0.5, 0.25), strict=True)
        wave = sum(gain * np.sin(n * angles) for n, gain in overtones)
        parts += [fade * wave, silence(0.02, 0.04)]
    audio = np.concatenate([*parts, silence(0.02, 0.1)])
    noise = random.standard_normal(len(audio)) * 10 ** (-random.uniform(15, 30) / 20)
    loudness = 10 ** (-random.uniform(0, 12) / 20)
    return (loudness * 6000 * (audio + noise)).clip(-32768, 32767).astype("int16")


@embedded(
    "tone_letters",
    kind="speech",
    classes=None,
    about="800 generated recordings (160 in test) of two or three words of the letters "
    "a to h, each letter a tone of its own; 8 kHz, in noise",
)
def tone_letters(split, input_shape=None):
    """Recordings, a ragged tensor, with their sample rates; and their texts."""
    import tensorflow as tf

    random = np.random.default_rng({"train": 0, "test": 1}[split])
    texts = []
    for _ in range(800 if split == "train" else 160):
        lengths = random.integers(1, 5, size=random.integers(2, 4))
        texts.append(" ".join("".join(random.choice([*TONES], n)) for n in lengths))
    played = [play(text, random) for text in texts]
    audio = tf.RaggedTensor.from_row_lengths(
        np.concatenate(played), [*map(len, played)]
    )
    return {"audio": audio, "rate": np.full(len(texts), RATE)}, np.array(texts)
