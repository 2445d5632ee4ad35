"""The notebooks of examples/: each is its script, cell by cell, with what it showed.

    python -m docs.notebooks                 # renews the stale ones, runs changed code
    python -m docs.notebooks graphs segment  # runs these
    python -m docs.notebooks --check         # names the stale ones

Scripts are in percent format: `# %%` begins a cell of code, `# %% [markdown]` one of
text. A notebook has a Colab badge above its title, and installs kerazoo first.
The table of examples/README.md is written, too.
"""

import argparse
import base64
import io
import pathlib
import re
import sys
import tempfile

import nbformat
from nbformat import v4
from PIL import Image

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
REPOSITORY = "kerazoo/kerazoo"  # on GitHub, where Colab finds the notebooks
INSTALL = """\
# Without dependencies, pip leaves Colab's TensorFlow alone, which fits its driver; what
# is named here is what Colab lacks. On your own machine: %pip install kerazoo
%pip install -q --no-deps kerazoo "keras>=3.15" "tensorflow-datasets>=4.9.10"
%matplotlib inline"""

# In the order in which one would read them.
ORDER = (
    "first_model",
    "mnist_as_in_the_lecture",
    "classify",
    "transfer_learning",
    "detect",
    "segment",
    "caption_images",
    "generate_images",
    "generate_text",
    "translate",
    "recognise_speech",
    "graphs",
    "learn_to_play",
    "uncertainty",
    "calibration",
    "what_a_network_sees",
    "fooling_a_network",
    "resume_and_inspect",
    "several_devices",
    "count_a_giant",
    "your_own_architecture",
)


def badge(name):
    """The link that opens a notebook in Colab, as Markdown."""
    page = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/examples"
    picture = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({picture})]({page}/{name}.ipynb)"


def cells(name):
    """The cells of a script: pairs of kind, `"code"` or `"markdown"`, and source."""
    found = []
    script = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    for part in re.split("^# %%", script, flags=re.M)[1:]:
        kind, _, source = part.partition("\n")
        kind = kind.strip(" []") or "code"
        if kind == "markdown":
            source = re.sub("^# ?", "", source, flags=re.M)
        found.append((kind, source.strip()))
    return found


def notebook(name):
    """The notebook of a script, before it ran."""
    (_, title), *rest = cells(name)
    parts = [("markdown", f"{badge(name)}\n\n{title}"), ("code", INSTALL), *rest]
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(
        cells=[make[k](source, id=f"cell-{i}") for i, (k, source) in enumerate(parts)],
        metadata={"kernelspec": kernel, "language_info": {"name": "python"}},
    )


def kept(name):
    """The notebook with the outputs that are there, or None where its code changed."""
    path = EXAMPLES / f"{name}.ipynb"
    if not path.exists():
        return None
    book = notebook(name)
    new, old = (
        [cell for cell in b.cells if cell.cell_type == "code"]
        for b in (book, nbformat.read(path, as_version=4))
    )
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return None
    for cell, before in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    return book


def is_current(name):
    """Whether a notebook is there, and says what its script says."""
    book = kept(name)
    return book is not None and book == nbformat.read(
        EXAMPLES / f"{name}.ipynb", as_version=4
    )


def run(book):
    """Runs a notebook in an empty folder, without the installation.

    Returns:
        The notebook with its outputs, without what goes to the error stream.
    """
    from nbclient import NotebookClient

    metadata, install = book.metadata.copy(), book.cells[1]
    install.source = "%matplotlib inline"
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            book, timeout=None, record_timing=False, coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        ).execute()  # fmt: skip
    book.metadata, install.source = metadata, INSTALL
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            for output in cell.outputs:
                data = output.get("data", {})
                data.pop("image/jpeg", None)  # of Pillow's pictures, beside the PNG
                if "text/html" in data:
                    data.pop("text/plain", None)  # the same, with codes of a terminal
                if "image/png" in data:
                    data["image/png"] = _smaller(data["image/png"])
    return book


def _smaller(png):
    """A picture of at most 256 colours, base64 as it came."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(256).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def readme():
    """The text of examples/README.md, its table written anew."""
    rows = ["| notebook | what it shows | script | |", "| --- | --- | --- | --- |"]
    for name in ORDER:
        title, _, text = cells(name)[0][1].partition("\n")
        sentence = re.split(r"\.(?:\s|$)", " ".join(text.split()))[0]
        link = f"[{title.removeprefix('# ')}]({name}.ipynb)"
        script = f"[{name}.py]({name}.py)"
        rows.append(f"| {link} | {sentence} | {script} | {badge(name)} |")
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    head, _, _ = text.partition("<!-- table -->")
    return "\n".join([head + "<!-- table -->", *rows, ""])


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="scripts to run; the stale ones")
    parser.add_argument("--check", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    names = arguments.names or [name for name in ORDER if not is_current(name)]
    if arguments.check:
        return "\n".join(f"stale: {name}" for name in names) or None
    (EXAMPLES / "README.md").write_text(readme(), encoding="utf-8")
    for name in names:
        print(name, flush=True)
        book = None if arguments.names else kept(name)  # where only its text changed
        nbformat.write(book or run(notebook(name)), EXAMPLES / f"{name}.ipynb")


if __name__ == "__main__":
    sys.exit(main())
