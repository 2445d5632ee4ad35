"""Embedded datasets that are generated from a seed by a documented recipe."""

import itertools

import numpy as np

from kerazoo.datasets.embedded import digits, embedded


@embedded(
    "xor",
    kind="arrays",
    classes=None,
    about="the four rows of the exclusive-or table; 100 times over in train",
)
def xor(split, input_shape=None):
    """Exclusive or: two binary inputs, one binary target `(n, 1)`."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    repeats = 100 if split == "train" else 1
    return np.tile(x, (repeats, 1)), np.tile(y, (repeats, 1))


# The functions behind the gates, on integers 0 and 1; one value per output.
GATES = {
    "and": lambda a, b: [a & b],
    "or": lambda a, b: [a | b],
    "not": lambda a: [1 - a],
    "nand": lambda a, b: [1 - (a & b)],
    "nor": lambda a, b: [1 - (a | b)],
    "xor": lambda a, b: [a ^ b],
    "xnor": lambda a, b: [1 - (a ^ b)],
    "majority": lambda a, b, c: [int(a + b + c >= 2)],
    "half_adder": lambda a, b: [a ^ b, a & b],
    "full_adder": lambda a, b, c: [(a + b + c) % 2, (a + b + c) // 2],
}


def _truth_table(gate):
    function = GATES[gate]
    inputs = function.__code__.co_argcount

    @embedded(
        f"{gate}_gate",
        kind="arrays",
        classes=None,
        about=f"truth table of the {gate.replace('_', ' ')}; the same rows in train",
    )
    def table(split, input_shape=None):
        rows = list(itertools.product((0, 1), repeat=inputs))
        return np.float32(rows), np.float32([function(*row) for row in rows])


for _gate in GATES:
    _truth_table(_gate)


@embedded(
    "centred_digits",
    kind="arrays",
    classes=None,
    about="the 64 pixels of scikit-learn's digits in 0..1, less their mean over the "
    "1,437 training images",
)
def centred_digits(split, input_shape=None):
    """Digits as centred vectors of 64 numbers, for rules that need it."""
    train, _ = digits("train")
    x, y = digits(split)
    flat = (x.reshape(len(x), -1) - train.reshape(len(train), -1).mean(axis=0)) / 255
    return flat.astype("float32"), y


@embedded(
    "pattern_pairs",
    kind="arrays",
    classes=None,
    about="16 pairs of a random key as long as the model's input and a random answer "
    "of 64 signs, -1 and +1; in test every key 20 times, each with a tenth of its "
    "signs wrong",
)
def pattern_pairs(split, input_shape=(256,)):
    """Keys and answers for an associative memory, and keys with errors."""
    random = np.random.default_rng(0)
    keys = random.choice(np.float32([-1, 1]), (16, *input_shape))
    answers = random.choice(np.float32([-1, 1]), (16, 64))
    if split == "train":
        return keys, answers
    keys, answers = np.tile(keys, (20, 1)), np.tile(answers, (20, 1))
    return np.where(random.random(keys.shape) < 0.1, -keys, keys), answers


@embedded(
    "maze_chance",
    kind="arrays",
    classes=None,
    about="uniform random numbers, the chance of 200 runs (100 in test) through "
    "SNARC's maze; target: 5, the length of the shortest way",
)
def maze_chance(split, input_shape=(500, 8)):
    """Random numbers `(n, steps, 8)` for runs through a maze."""
    seed, runs = {"train": (0, 200), "test": (1, 100)}[split]
    chance = np.random.default_rng(seed).random((runs, *input_shape), "float32")
    return chance, np.full((runs, 1), 5, "float32")


def _bitmaps(drawing):
    """Binary arrays of drawings that stand side by side, apart by a blank column."""
    rows = [line.split() for line in drawing.split("\n") if line]
    return [
        np.array([[c == "#" for c in cell] for cell in column], "uint8")
        for column in zip(*rows, strict=True)
    ]


# 10 x 8 pixels, lines one pixel wide, in the manner of Fukushima's stimuli.
_STROKE_DIGITS = _bitmaps("""
..####.. ...#.... .#####.. .#####.. .....#..
.#....#. ..##.... #.....#. #.....#. ....##..
#......# .#.#.... .......# .......# ...#.#..
#......# ...#.... .......# .......# ..#..#..
#......# ...#.... ......#. ...####. .#...#..
#......# ...#.... ....##.. .......# #....#..
#......# ...#.... ..##.... .......# ########
#......# ...#.... .#...... .......# .....#..
.#....#. ...#.... #....... #.....#. .....#..
..####.. .#####.. ######## .#####.. .....#..
""")


@embedded(
    "stroke_digits",
    kind="images",
    classes=5,
    about="the digits 0-4 drawn in lines on 16x16 pixels: centred in train, at all 25 "
    "shifts up to 2 pixels in test",
)
def stroke_digits(split, input_shape=None):
    """Line drawings of five digits, as the neocognitron was shown."""
    shifts = [0] if split == "train" else range(-2, 3)
    x = np.zeros((5 * len(shifts) ** 2, 16, 16, 1), "uint8")
    places = itertools.product(_STROKE_DIGITS, shifts, shifts)
    for image, (digit, down, right) in zip(x, places, strict=True):
        image[3 + down : 13 + down, 4 + right : 12 + right, 0] = 255 * digit
    return x, np.repeat(np.arange(5), len(shifts) ** 2)


# 7 x 5 pixels, the usual dot-matrix letters.
_LETTERS = _bitmaps("""
.###. ####. .###. ####. ##### ##### .###. #...#
#...# #...# #...# #...# #.... #.... #...# #...#
#...# #...# #.... #...# #.... #.... #.... #...#
##### ####. #.... #...# ####. ####. #.### #####
#...# #...# #.... #...# #.... #.... #...# #...#
#...# #...# #...# #...# #.... #.... #...# #...#
#...# ####. .###. ####. ##### #.... .###. #...#
""")


@embedded(
    "mark1_letters",
    kind="images",
    classes=8,
    labels=tuple("ABCDEFGH"),
    about="the letters A-H, 14x10 pixels, anywhere within 1 pixel of the centre of "
    "the Mark I's 20x20 photocells, 2 % of the cells wrong; 800 train, 400 test",
)
def mark1_letters(split, input_shape=None):
    """Binary letters on the retina of the Mark I Perceptron."""
    seed, each = {"train": (0, 100), "test": (1, 50)}[split]
    random = np.random.default_rng(seed)
    x = np.zeros((8 * each, 20, 20, 1), "uint8")
    y = np.repeat(np.arange(8), each)
    for image, label in zip(x, y, strict=True):
        top, left = random.integers(-1, 2, 2) + (3, 5)
        letter = np.kron(_LETTERS[label], np.ones((2, 2), "uint8"))
        image[top : top + 14, left : left + 10, 0] = letter
    return 255 * (x ^ (random.random(x.shape) < 0.02)).astype("uint8"), y


# 3 x 3 switches, to be thrown at four places of Widrow's 4 x 4.
_ADALINE_LETTERS = _bitmaps("""
### ..#
.#. #.#
.#. ###
""")


@embedded(
    "adaline_letters",
    kind="arrays",
    classes=None,
    about="T (label 0) against J (label 1) on the 4x4 switches of the ADALINE, +1 and "
    "-1, at four places, without and with one switch wrong; every fifth is test",
)
def adaline_letters(split, input_shape=None):
    """Two letters on sixteen switches, with a binary label `(n, 1)`."""
    x, y = [], []
    for label, top, left in itertools.product((0, 1), (0, 1), (0, 1)):
        clean = -np.ones((4, 4, 1), "float32")
        letter = 2.0 * _ADALINE_LETTERS[label] - 1
        clean[top : top + 3, left : left + 3, 0] = letter
        wrong = np.concatenate([np.ones((1, 16)), 1 - 2 * np.eye(16)])
        x.append(clean * wrong.reshape(17, 4, 4, 1).astype("float32"))
        y.append(np.full((17, 1), label, "float32"))
    x, y = np.concatenate(x), np.concatenate(y)
    test = np.arange(len(x)) % 5 == 4
    keep = test if split == "test" else ~test
    return x[keep], y[keep]


@embedded(
    "parity",
    kind="arrays",
    classes=None,
    about="all rows of n bits and whether an odd number is set; n is the model's, 100 "
    "times over in train",
)
def parity(split, input_shape=(4,)):
    """Parity of n bits, targets `(rows, 1)`; exclusive or for two."""
    bits = input_shape[0]
    x = (np.arange(2**bits)[:, None] >> np.arange(bits)) & 1
    repeats = 100 if split == "train" else 1
    x = np.tile(x, (repeats, 1)).astype("float32")
    return x, x.sum(axis=1, keepdims=True) % 2


@embedded(
    "encoder",
    kind="arrays",
    classes=None,
    about="n patterns of one set bit, to be reproduced through a bottleneck; 100 times "
    "over in train",
)
def encoder(split, input_shape=(8,)):
    """The encoder problem of the PDP group: targets are the inputs."""
    x = np.tile(np.eye(input_shape[0], dtype="float32"), (100, 1))
    x = x if split == "train" else x[: input_shape[0]]
    return x, x


@embedded(
    "tc_patterns",
    kind="arrays",
    classes=None,
    labels=("C", "T"),
    about="T (1) and C (0) of five squares in 4 orientations on a retina: the 8 in the "
    "middle, 100 times over, train; every place two cells off the rim is test",
)
def tc_patterns(split, input_shape=(11, 11, 1)):
    """The T-C problem; 220 test patterns on a retina of 11x11."""
    height, width, channels = input_shape
    letters = {1: [[1, 1, 1], [0, 1, 0], [0, 1, 0]], 0: [[1, 1, 1], [1, 0, 1]]}
    x, y = [], []
    for label, letter in letters.items():
        for turns in range(4):
            shape = np.rot90(letter, turns)
            high, wide = shape.shape
            places = [
                (top, left)
                for top in range(2, height - high - 1)
                for left in range(2, width - wide - 1)
            ]
            if split == "train":
                places = [((height - high) // 2, (width - wide) // 2)]
            for top, left in places:
                retina = np.zeros((height, width, channels), "float32")
                retina[top : top + high, left : left + wide] = shape[:, :, None]
                x.append(retina)
                y.append([label])
    repeats = 100 if split == "train" else 1
    x, y = np.stack(x), np.array(y, "float32")
    return np.tile(x, (repeats, 1, 1, 1)), np.tile(y, (repeats, 1))


@embedded(
    "gratings",
    kind="arrays",
    classes=8,
    labels=tuple(f"{k * 22.5:g}°" for k in range(8)),
    about="sine gratings of period 8 pixels in 8 orientations with random phase and "
    "noise of standard deviation 0.5; 400 train, 200 test",
)
def gratings(split, input_shape=(64, 64, 1)):
    """Oriented gratings; label k is the orientation k 180/8 degrees."""
    height, width, channels = input_shape
    random = np.random.default_rng(0 if split == "train" else 1)
    n = 400 if split == "train" else 200
    y = np.arange(n) % 8
    angle = (np.pi * y / 8)[:, None, None]
    phase = random.uniform(0, 2 * np.pi, (n, 1, 1))
    rows, columns = np.mgrid[:height, :width]
    across = columns * np.cos(angle) + rows * np.sin(angle)
    x = np.cos(2 * np.pi * across / 8 + phase)[..., None]
    x = x + random.normal(0, 0.5, (n, height, width, channels))
    return x.astype("float32"), y


@embedded(
    "mitosis_windows",
    kind="images",
    classes=2,
    labels=("other", "mitosis"),
    about="101x101 windows of noisy pink tissue with round nuclei: in the middle a "
    "dark elongated figure (1) or a paler, rounder one (0); 800 train, 200 test",
)
def mitosis_windows(split, input_shape=None):
    """Windows of a slide, dividing cell or not, after the MITOS contest."""
    random = np.random.default_rng(0 if split == "train" else 1)
    n = 800 if split == "train" else 200
    rows, columns = np.mgrid[:101, :101].astype("float32")
    x = np.empty((n, 101, 101, 3), "uint8")
    y = np.arange(n) % 2

    def blot(image, centre, long, short, turn, colour):
        v, u = rows - centre[0], columns - centre[1]
        along = (u * np.cos(turn) + v * np.sin(turn)) / long
        across = (v * np.cos(turn) - u * np.sin(turn)) / short
        cover = np.clip(3 - 3 * np.hypot(along, across), 0, 1)[..., None]
        image += cover * (colour - image)

    for k in range(n):
        image = np.full((101, 101, 3), (225.0, 180.0, 205.0))
        for _ in range(random.integers(3, 8)):
            far = random.uniform(28, 60)
            angle, size = random.uniform(0, 2 * np.pi), random.uniform(5, 9)
            centre = 50 + far * np.sin(angle), 50 + far * np.cos(angle)
            blot(image, centre, size, size, 0, (160.0, 120.0, 175.0))
        long, short, shade = (15, 6, 70) if y[k] else (11, 9, 100)
        long, short = random.uniform(0.8, 1.2, 2) * (long, short)
        colour = shade + random.uniform(-15, 15) + np.array([10.0, -20.0, 40.0])
        turn = random.uniform(0, np.pi)
        blot(image, 50 + random.uniform(-6, 6, 2), long, short, turn, colour)
        image += random.normal(0, 12, image.shape)
        x[k] = image.clip(0, 255)
    return x, y
