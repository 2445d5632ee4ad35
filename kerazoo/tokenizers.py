"""Tokenizers: text to token ids and back, in plain Python, without a network.

A tokenizer belongs to a model as the vocabulary it was trained with: language models
keep theirs in `model.tokenizer`, and it is saved with them.
"""

import json
import pathlib
import re
import unicodedata

import keras


class Tokenizer:
    """What all tokenizers have.

    Attributes:
        vocabulary_size: number of different ids.
        end_token: id of the token between two documents, or None.
    """

    vocabulary_size: int
    end_token = None

    def encode(self, text):
        """The ids of a text, a list of integers."""
        raise NotImplementedError

    def decode(self, ids):
        """The text of a list of ids."""
        raise NotImplementedError

    def get_config(self):
        """What the constructor takes."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The tokenizer of a `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerazoo")
class ByteTokenizer(Tokenizer):
    """Every byte of the text in UTF-8 is a token."""

    vocabulary_size = 256

    def encode(self, text):
        return list(text.encode("utf-8"))

    def decode(self, ids):
        return bytes(ids).decode("utf-8", errors="replace")


@keras.saving.register_keras_serializable(package="kerazoo")
class CharacterTokenizer(Tokenizer):
    """Every character of a given alphabet is a token, numbered in its order.

    Args:
        characters: the alphabet, a string of different characters.

    Example:
        >>> CharacterTokenizer.of("hello").encode("hole")
        [1, 3, 2, 0]
    """

    def __init__(self, characters):
        self.characters = characters
        self.vocabulary_size = len(characters)
        self._ids = {character: index for index, character in enumerate(characters)}
        if len(self._ids) < len(characters):
            raise ValueError(
                f"`characters` must be different. Received: {characters!r}"
            )

    @classmethod
    def of(cls, text):
        """The tokenizer whose alphabet are the characters of a text, sorted."""
        return cls("".join(sorted(set(text))))

    def encode(self, text):
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            raise ValueError(
                f"Character {error.args[0]!r} is not in the alphabet "
                f"{self.characters!r}."
            ) from None

    def decode(self, ids):
        return "".join(self.characters[index] for index in ids)

    def get_config(self):
        return {"characters": self.characters}


class _Classes(dict):
    """Code point to the letter that stands for its class, for `str.translate`.

    L letter, N number, _ white space but the space, O other; space, apostrophe and the
    letters of English contractions stand for themselves.
    """

    def __missing__(self, code):
        character = chr(code)
        if character in " 'stremvld":
            letter = character
        elif unicodedata.category(character)[0] in "LN":
            letter = unicodedata.category(character)[0]
        else:
            # Unicode's white space; Python adds four control characters.
            is_space = character.isspace() and character not in "\x1c\x1d\x1e\x1f"
            letter = "_" if is_space else "O"
        self[code] = letter
        return letter


# The words of GPT-2, over classes: Python's own `re` does not know Unicode's.
_WORDS = re.compile(
    r"'(?:[stmd]|re|ve|ll)| ?[Lstremvld]+| ?N+| ?[O']+|[ _]+(?![^ _])|[ _]+"
)


def _byte_symbols():
    """A printable character for every byte: its own, or one from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    symbols, spare = {}, 256
    for byte in range(256):
        if byte in printable:
            symbols[byte] = chr(byte)
        else:
            symbols[byte] = chr(spare)
            spare += 1
    return symbols


@keras.saving.register_keras_serializable(package="kerazoo")
class BytePairTokenizer(Tokenizer):
    """GPT-2's byte-level byte-pair encoding (Radford et al., 2019, section 2.2).

    A text is cut into words, a word into bytes, and pairs of neighbours are merged in
    the order in which training found them most frequent (Sennrich et al., 2016).

    Args:
        vocabulary: `{token: id}`, bytes written as printable characters.
        merges: list of `"left right"`, the first one first.
    """

    END = "<|endoftext|>"

    def __init__(self, vocabulary, merges):
        self.vocabulary, self.merges = dict(vocabulary), list(merges)
        self.vocabulary_size = max(self.vocabulary.values()) + 1
        self.end_token = self.vocabulary.get(self.END)
        self._tokens = {index: token for token, index in self.vocabulary.items()}
        pairs = [tuple(merge.split(" ")) for merge in self.merges]
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}
        self._symbols = _byte_symbols()
        self._bytes = {symbol: byte for byte, symbol in self._symbols.items()}
        self._classes = _Classes()
        self._known = {}  # ids by word

    @classmethod
    def from_directory(cls, path):
        """Reads `vocab.json` and `merges.txt` of a local Hugging Face folder.

        Raises:
            FileNotFoundError: the folder has no such files.
        """
        path = pathlib.Path(path)
        vocabulary = json.loads((path / "vocab.json").read_text(encoding="utf-8"))
        lines = (path / "merges.txt").read_text(encoding="utf-8").split("\n")
        merges = [line for line in lines if line and not line.startswith("#version")]
        return cls(vocabulary, merges)

    def encode(self, text):
        ids = []
        documents = [text] if self.end_token is None else text.split(self.END)
        for index, document in enumerate(documents):
            if index:
                ids.append(self.end_token)
            classes = document.translate(self._classes)
            for match in _WORDS.finditer(classes):
                word = document[match.start() : match.end()]
                if word not in self._known:
                    self._known[word] = self._encode_word(word)
                ids += self._known[word]
        return ids

    def _encode_word(self, word):
        symbols = [self._symbols[byte] for byte in word.encode("utf-8")]
        while len(symbols) > 1:
            pairs = zip(symbols, symbols[1:], strict=False)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged, index = [], 0
            while index < len(symbols):
                if tuple(symbols[index : index + 2]) == best:
                    merged.append("".join(best))
                    index += 2
                else:
                    merged.append(symbols[index])
                    index += 1
            symbols = merged
        return [self.vocabulary[symbol] for symbol in symbols]

    def decode(self, ids):
        symbols = "".join(self._tokens[index] for index in ids)
        data = bytes(self._bytes[symbol] for symbol in symbols)
        return data.decode("utf-8", errors="replace")

    def get_config(self):
        return {"vocabulary": self.vocabulary, "merges": self.merges}
