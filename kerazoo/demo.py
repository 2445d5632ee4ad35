"""A page on this machine on which a trained network is tried: `kerazoo demo`.

First what happens behind a page, functions from what a person gives to what is shown;
then the pages, one for each task, which Gradio draws. It is imported when a page is
built: `pip install "kerazoo[demo]"`. Nothing is fetched from a network, or sent to one.
"""

import base64
import importlib
import io
import os
import tempfile

import numpy as np

from kerazoo import datasets, pictures
from kerazoo.show import task_of

# Datasets of drawings, light on dark: pixels of a side, and those a drawing takes.
DRAWINGS = {
    "digits": (8, 8),
    "mark1_letters": (20, 14),
    "mnist": (28, 20),
    "stroke_digits": (16, 10),
}
_PIXELS = 480  # about how large small images are shown
_SURE = 0.5  # score from which a detection is shown


# ------------------------------------------------------------------ behind the pages


def flat_image(image):
    """An image of a page, of any number of channels, as uint8 grey or colours.

    Args:
        image: uint8 array `(height, width)` or `(height, width, channels)`; what is
            transparent becomes white.
    """
    image = np.asarray(image)
    if image.ndim == 2:
        return image[..., None]
    if image.shape[-1] in (2, 4):
        opacity = image[..., -1:] / 255
        image = (opacity * image[..., :-1] + 255 * (1 - opacity)).round()
    return image.astype("uint8")


def decoded(url):
    """The image of a data URL, a uint8 array."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def centred_drawing(image, side, size):
    """A drawing as datasets have them: light on dark, in the middle, of one size.

    Args:
        image: uint8 array `(height, width, 1 or 3)`, dark on light or light on dark.
        side: of the square that is given back, in pixels.
        size: of the longer side of the drawing in it, in pixels.

    Returns:
        uint8 array `(side, side, 1)`, or None where nothing is drawn.
    """
    from PIL import Image

    grey = image.mean(axis=-1)
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    # Whatever differs from the paper, which is never quite of one colour.
    ink = np.clip(np.abs(grey - np.median(rim)) - 32, 0, None)
    if ink.max() < 32:
        return None
    ink *= 255 / ink.max()
    rows, columns = (np.flatnonzero((ink > 64).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    room = round(max(ink.shape) * side / size)
    square = np.zeros((room, room), "uint8")
    top, left = ((room - extent) // 2 for extent in ink.shape)
    square[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = Image.fromarray(square).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small)[..., None]


def as_input(model, image, data):
    """The image of a page as the model takes it, or None where it is empty.

    Args:
        model: the model.
        image: as for `flat_image`, or None.
        data: name of the dataset it was trained on, or None.
    """
    if image is None:
        return None
    image = flat_image(image)
    if data in DRAWINGS:
        image = centred_drawing(image, *DRAWINGS[data])
    return None if image is None else datasets.prepared(image, model)


def classify(model, image, data=None, labels=None):
    """Probabilities of the classes by name; where a model gives none, the class.

    Args:
        model: the classifier.
        image: as for `flat_image`, or None.
        data: name of the dataset it was trained on, or None.
        labels: names of the classes; numbers by default.
    """
    inputs = as_input(model, image, data)
    if inputs is None:
        return None
    scores = model.predict_on_batch(inputs)[0]
    if len(scores) == 1:
        scores = np.array([1 - scores[0], scores[0]])
    names = pictures.class_names(labels, len(scores))[: len(scores)]
    if scores.min() >= 0 and abs(scores.sum() - 1) < 1e-3:
        return dict(zip(names, map(float, scores), strict=True))
    return names[scores.argmax()]


def detect(model, image, labels=None):
    """A figure of the image with boxes around what is found in it."""
    inputs = as_input(model, image, None)
    if inputs is None:
        return None
    found = model.detect(inputs)[0]
    sure = found["scores"] >= _SURE
    found = {key: values[sure] for key, values in found.items()}
    title = f"found, score {_SURE} or more"
    return pictures.detections(inputs, [found], names=labels, titles=[title])


def segment(model, image, labels=None):
    """A figure of the image, and of the class of every pixel laid over it."""
    inputs = as_input(model, image, None)
    if inputs is None:
        return None
    mask = model.segment(inputs[0])[None]
    names = pictures.class_names(labels, mask.max() + 1)
    return pictures.named_regions(inputs, [mask], ["image", "classes"], names)


def caption(model, image):
    """What is in an image, in words."""
    inputs = as_input(model, image, None)
    if inputs is None:
        return ""
    return model.caption(inputs["images"], beam_width=3)[0]


def give_back(model, image, data=None, spoil=False):
    """What an auto-encoder is shown and what it gives back, on a sheet.

    Args:
        model: the auto-encoder.
        image: as for `flat_image`, or None.
        data: name of the dataset it was trained on, or None.
        spoil: whether to spoil the image by the model's own `corruption` first.
    """
    import keras

    inputs = as_input(model, image, data)
    if inputs is None:
        return None
    if spoil:
        inputs = keras.ops.convert_to_numpy(model.corruption.corrupt(inputs))
    answer = model.predict_on_batch(inputs)
    both = np.concatenate([inputs, answer.clip(inputs.min(), inputs.max())])
    return enlarged(pictures.sample_sheet(both, columns=2))


def write(model, prompt, tokens, temperature, seed):
    """The prompt and its continuation; at temperature 0 by the likeliest tokens."""
    return model.generate(
        prompt, int(tokens), temperature=float(temperature), seed=int(seed)
    )


def transcribe(model, recording):
    """What a recording says, and a figure of when.

    Args:
        model: the recognizer.
        recording: `(samples a second, samples)`, integers or floats in -1..1, of one
            channel `(n,)` or several `(n, channels)`; or None.
    """
    from scipy.signal import resample_poly

    from kerazoo.spectrogram import samples

    if recording is None:
        return "", None
    rate, audio = recording
    audio = np.mean([samples(channel) for channel in np.atleast_2d(audio.T)], axis=0)
    wanted = model.filter_bank.sample_rate
    if rate != wanted:
        common = np.gcd(rate, wanted)
        audio = resample_poly(audio, wanted // common, rate // common)
    return model.transcribe(audio), pictures.transcript(model, audio)


def sample(model, n, seed, steps=None):
    """New images on a sheet, a uint8 array.

    Args:
        model: the generator.
        n: how many.
        seed: fixes the draw.
        steps: of a diffusion, by DDIM; None for a model without.
    """
    options = {} if steps is None else {"sampler": "ddim", "steps": int(steps)}
    images = model.sample(int(n), seed=int(seed), **options)
    return enlarged(pictures.sample_sheet(images))


def play(model, data, seed):
    """The file of a greedy episode's moving picture, and its return in words."""
    handle, path = tempfile.mkstemp(suffix=".gif")
    os.close(handle)
    gained = pictures.episode(model, data, path, seed=int(seed), milliseconds=120)
    return path, f"return {gained:g}"


def enlarged(picture):
    """A small picture with larger pixels."""
    scale = max(1, _PIXELS // max(picture.shape[:2]))
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


# ------------------------------------------------------------------------- the pages


def page(model, data=None):
    """The page on which a model is tried.

    Args:
        model: a trained model.
        data: name of the dataset it was trained on, that of its card by default. It
            gives names of classes and examples to begin with, and says whether images
            are drawn.

    Returns:
        A `gradio.Blocks`; `launch` opens it.

    Raises:
        ValueError: there is nothing to try on a page.
        ImportError: Gradio is not installed.
    """
    draw = _PAGES[_task(model)]
    gradio = _gradio()
    card = datasets.card_of(model)
    data = data or (card and card.dataset)
    title = f"kerazoo: {model.name}"
    with gradio.Blocks(title=title, analytics_enabled=False) as blocks:
        gradio.Markdown(f"# {card.title if card else model.name}")
        lines = [card and card.summary, data and f"Data: {data}."]
        gradio.Markdown(" ".join(filter(None, lines)))
        draw(gradio, model, data)
    return blocks


def launch(model, data=None, *, port=None, browser=True):
    """Opens the page of a model, and serves it on this machine until Ctrl-C.

    Args:
        model: as for `page`.
        data: as for `page`.
        port: of the address; the first free one from 7860 on by default.
        browser: whether to open the page in a browser.

    Raises:
        ValueError, ImportError: as `page`.
    """
    blocks = page(model, data)
    _, address, _ = blocks.launch(
        inbrowser=browser,
        server_name="127.0.0.1",
        server_port=port,
        share=False,
        show_error=True,
        ssr_mode=False,
        footer_links=[],
        css=_CSS,
        quiet=True,
        prevent_thread_lock=True,
    )
    print(f"{blocks.title} at {address}, until Ctrl-C", flush=True)
    blocks.block_thread()


_CSS = """
.gradio-container {width: 100%; max-width: 64rem !important; margin: auto !important}
"""


def check(model):
    """Raises ValueError where a model has no page, ImportError where Gradio misses."""
    _task(model)
    _gradio()


def _gradio():
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        return importlib.import_module("gradio")
    except ImportError as error:
        raise ImportError(
            "The page is drawn by Gradio, which is not installed: pip install "
            '"kerazoo[demo]".'
        ) from error


def _task(model):
    task = task_of(model)
    shape, outputs = model.input_shape, model.output_shape
    if (
        task is None
        and isinstance(shape, tuple)
        and isinstance(outputs, tuple)
        and len(outputs) == 2
        and (len(shape) == 4 or shape[-1] > 3)
        and (not model.compiled or model.loss is not None)
    ):
        card = datasets.card_of(model)
        if card is None or card.task == "image classification":
            task = "classify"
    if task not in _PAGES:
        raise ValueError(
            f"There is no page on which to try {model.name!r}. There is for models "
            "that take images, texts or recordings, draw samples, or play."
        )
    return task


def _source(model, data):
    """The dataset, or None where it is not on this machine."""
    from kerazoo.datasets import tfds

    if data in datasets.EMBEDDED or (data and tfds.is_prepared(data)):
        return datasets.find(data, model)
    return None


def _labels(model, data):
    source = _source(model, data)
    return source and source.labels


def _first(model, data, count):
    """The first raw examples of the data that measure, as far as they are there."""
    source = _source(model, data)
    if source is None:
        return []
    split = datasets.evaluation_split(source)
    return list(source.read(split).take(count).as_numpy_iterator())


# A sheet of paper; what is drawn is sent as a data URL when the pen is lifted.
_PAPER = """
<canvas width="280" height="280" style="width: 100%; max-width: 24rem; display: block;
  border: 1px solid #b0b0b0; background: white; touch-action: none; cursor: crosshair">
</canvas>
<button style="margin-top: 0.5rem">clear</button>
"""
_PEN = """
const paper = element.querySelector("canvas"), pen = paper.getContext("2d");
const send = () => trigger("input", {drawing: paper.toDataURL()});
const clear = () => { pen.fillStyle = "white"; pen.fillRect(0, 0, 280, 280); };
const draw = event => {
  const box = paper.getBoundingClientRect();
  pen.lineTo((event.clientX - box.left) * 280 / box.width,
             (event.clientY - box.top) * 280 / box.height);
  pen.stroke();
};
Object.assign(pen, {lineWidth: 20, lineCap: "round", lineJoin: "round"});
clear();
paper.onpointerdown = event => {
  paper.setPointerCapture(event.pointerId);
  pen.beginPath();
  draw(event);
};
paper.onpointermove = event => { if (event.buttons) draw(event); };
paper.onpointerup = send;
element.querySelector("button").onclick = () => { clear(); send(); };
"""


def _on_image(gradio, model, data, function, output):
    """Lets a function of an image fill an output whenever another image is given.

    It is a file, one of the data set, or drawn, if that is of drawings.
    """
    with gradio.Row():
        with gradio.Column():
            if data in DRAWINGS:
                with gradio.Tab("draw"):
                    paper = gradio.HTML(html_template=_PAPER, js_on_load=_PEN)
                with gradio.Tab("upload"):
                    image = gradio.Image(label="image", type="numpy", height=360)
            else:
                image = _image_or_example(gradio, model, data)
        with gradio.Column():
            output = output()
    if data in DRAWINGS:

        def run(event: gradio.EventData):
            return function(decoded(event.drawing))

        paper.input(run, None, output, show_progress="hidden")
    image.change(function, image, output, show_progress="hidden")


def _image_or_example(gradio, model, data):
    examples = [flat_image(raw) for raw, _ in _first(model, data, 5)]
    examples = [enlarged(e.repeat(3 // e.shape[-1], axis=-1)) for e in examples]
    image = gradio.Image(label="image", type="numpy", height=360)
    if examples:
        gradio.Examples(examples, image, cache_examples=False)
    return image


def _classify_page(gradio, model, data):
    labels = _labels(model, data)
    _on_image(
        gradio, model, data, lambda image: classify(model, image, data, labels),
        lambda: gradio.Label(label="class", num_top_classes=10),
    )  # fmt: skip


def _detect_page(gradio, model, data):
    labels = _labels(model, data)
    _on_image(
        gradio, model, data, lambda image: detect(model, image, labels),
        lambda: gradio.Plot(show_label=False),
    )  # fmt: skip


def _segment_page(gradio, model, data):
    labels = _labels(model, data)
    _on_image(
        gradio, model, data, lambda image: segment(model, image, labels),
        lambda: gradio.Plot(show_label=False),
    )  # fmt: skip


def _caption_page(gradio, model, data):
    _on_image(
        gradio, model, data, lambda image: caption(model, image),
        lambda: gradio.Textbox(label="caption"),
    )  # fmt: skip


def _reconstruct_page(gradio, model, data):
    spoil = hasattr(model, "corruption")
    label = "spoilt, and given back" if spoil else "seen, and given back"
    _on_image(
        gradio, model, data, lambda image: give_back(model, image, data, spoil),
        lambda: gradio.Image(label=label, format="png", buttons=["download"]),
    )  # fmt: skip
    if hasattr(model, "sample"):
        _sample_page(gradio, model, data)


def _generate_page(gradio, model, data):
    first = [text.decode("utf-8") for text in _first(model, data, 1)]
    prompt = gradio.Textbox(label="prompt", value=first[0][:20] if first else "")
    with gradio.Row():
        tokens = gradio.Slider(1, 500, 100, step=1, label="tokens")
        heat = gradio.Slider(0, 2, 0.8, step=0.1, label="temperature; 0: no chance")
        seed = gradio.Number(0, label="seed", precision=0)
    button = gradio.Button("continue", variant="primary")
    text = gradio.Textbox(label="text", lines=8)

    def run(*values):
        return write(model, *values)

    for event in (button.click, prompt.submit):
        event(run, [prompt, tokens, heat, seed], text)


def _translate_page(gradio, model, data):
    card = datasets.card_of(model)
    language = card.preprocess.get("source", "en") if card else "en"
    first = [pair[language].decode("utf-8") for pair in _first(model, data, 4)]
    source = gradio.Textbox(label="text", value=first[0] if first else "")
    button = gradio.Button("translate", variant="primary")
    text = gradio.Textbox(label="translation")
    if first:
        gradio.Examples(first, source, cache_examples=False)
    for event in (button.click, source.submit):
        event(lambda sentence: model.translate(sentence), source, text)


def _transcribe_page(gradio, model, data):
    recordings = [example for example, _ in _first(model, data, 1)]
    value = None
    if recordings:
        value = int(recordings[0]["rate"]), recordings[0]["audio"].astype("int16")
    recording = gradio.Audio(value, label="recording", buttons=["download"])
    button = gradio.Button("transcribe", variant="primary")
    text = gradio.Textbox(label="text")
    picture = gradio.Plot(show_label=False)
    button.click(lambda audio: transcribe(model, audio), recording, [text, picture])


def _sample_page(gradio, model, data):
    with gradio.Row():
        count = gradio.Slider(1, 100, 16, step=1, label="images")
        seed = gradio.Number(0, label="seed", precision=0)
        inputs = [count, seed]
        if hasattr(model, "trajectory"):
            most = model.timesteps
            inputs.append(
                gradio.Slider(2, most, min(50, most), step=1, label="steps (DDIM)")
            )
    button = gradio.Button("sample", variant="primary")
    image = gradio.Image(label="samples", format="png", buttons=["download"])
    button.click(lambda *values: sample(model, *values), inputs, image)


def _play_page(gradio, model, data):
    seed = gradio.Number(0, label="seed", precision=0)
    button = gradio.Button("play", variant="primary")
    text = gradio.Textbox(label="outcome")
    image = gradio.Image(
        label="episode", type="filepath", height=420, buttons=["download"]
    )
    button.click(lambda number: play(model, data, number), seed, [image, text])


_PAGES = {
    "caption": _caption_page,
    "classify": _classify_page,
    "detect": _detect_page,
    "generate": _generate_page,
    "play": _play_page,
    "reconstruct": _reconstruct_page,
    "sample": _sample_page,
    "segment": _segment_page,
    "transcribe": _transcribe_page,
    "translate": _translate_page,
}
