"""Finding a secret in a text by other means than the mask's: by undoing what was done to it."""

import base64
import html
import re
from urllib.parse import unquote_plus

from spark_conformance.core.secret.forms import PART


def given_away(text: str, value: str) -> str:
    """What of the secret stands in a text, at least PART of its characters from its beginning, however written.

    Where nothing does, the answer is empty.
    """
    readings = {text, html.unescape(text), unquote_plus(text), _unescaped(text), _unescaped(_unescaped(text))}
    readings.add(_unescaped(_unescaped(_unescaped(text))))
    readings |= {_unescaped(html.unescape(text)), html.unescape(_unescaped(text)), unquote_plus(_unescaped(text))}
    for word in re.findall(r"[A-Za-z0-9+/_-]{10,}", text):
        even = word[: len(word) // 2 * 2]
        readings |= {bytes.fromhex(even).decode(errors="replace")} if re.fullmatch("[0-9a-fA-F]+", even) else set()
        for skip in range(4):
            coded = word[skip:].translate(str.maketrans("-_", "+/"))
            readings.add(base64.b64decode(coded[: len(coded) // 4 * 4]).decode(errors="replace"))
    return next((value[:PART] for reading in readings if value[:PART] in reading), "")


def _unescaped(text: str) -> str:
    """JSON's and Python's escapes undone, surrogates joined."""
    simple = {"n": "\n", "t": "\t", "r": "\r"}
    plain = re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|(.))",
        lambda found: chr(int(found[1], 16)) if found[1] else simple.get(found[2], found[2]),
        text,
    )
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
