"""Recordings made to harm whoever reads them, each a function that writes one into a folder."""

import gzip
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import yaml

MIB = 1024 * 1024


def _cassette(**reply: object) -> dict[str, object]:
    request = {"method": "GET", "uri": "https://shop.test/", "body": None, "headers": {}}
    response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "ok"}, **reply}
    return {"interactions": [{"request": request, "response": response}], "version": 1}


def _as_yaml(folder: Path, name: str, document: object) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    return path


def _as_text(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def gzip_of_zeros(mebibytes: int) -> bytes:
    """A gzip stream of so many MiB of zeros, made from one compressed MiB; what follows the last block is wrong."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    one = squeezer.compress(b"\0" * MIB) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + one * mebibytes + squeezer.flush() + struct.pack("<II", 0, 0)


def python_object(folder: Path) -> Path:
    """A body that is made by running a command."""
    return _as_text(
        folder, "python_object.yaml", f"interactions: !!python/object/apply:os.system [touch {folder}/ran]\n"
    )


def ruby_object(folder: Path) -> Path:
    """The same for a reader in Ruby."""
    return _as_text(folder, "ruby_object.yaml", "http_interactions: !ruby/object:Gem::Installer {i: x}\n")


def include_outside(folder: Path) -> Path:
    """An interaction that stands in a file of the system's."""
    text = "interactions:\n- include_file: ../../../../../../../../etc/hostname\nversion: 1\n"
    return _as_text(folder, "include_outside.yaml", text)


def pipe(folder: Path) -> Path:
    """A file that never ends and never begins."""
    os.mkfifo(folder / "pipe.yaml")
    return folder / "pipe.yaml"


def url_with_a_secret(folder: Path) -> Path:
    """A URL that is none, with what must not be told of it."""
    document = _cassette()
    document["interactions"][0]["request"]["uri"] = "ftp://ada:hunter2@shop.test/?key=hunter2"  # type: ignore[index]
    return _as_text(folder, "url_with_a_secret.json", json.dumps(document))


def alias_bomb(folder: Path) -> Path:
    """Ten levels of ten aliases: ten thousand million values."""
    lines = ["bomb:", "- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
    return _as_text(folder, "alias_bomb.yaml", "\n".join([*lines, "interactions: *a9", "version: 1", ""]))


def alias_to_itself(folder: Path) -> Path:
    """A list that is its own item."""
    return _as_text(folder, "alias_to_itself.yaml", "interactions: &a [*a]\nversion: 1\n")


def two_gibibytes_by_gzip(folder: Path) -> Path:
    """A body of 2 GiB in 2 MiB."""
    reply = {"headers": {"Content-Encoding": ["gzip"]}, "body": {"string": gzip_of_zeros(2048)}}
    return _as_yaml(folder, "two_gibibytes_by_gzip", _cassette(**reply))


def many_large_bodies(folder: Path) -> Path:
    """Forty bodies, each just small enough."""
    document = _cassette(headers={"Content-Encoding": ["gzip"]}, body={"string": gzip.compress(b"\0" * 20 * MIB)})
    document["interactions"] = document["interactions"] * 40  # type: ignore[operator]
    return _as_yaml(folder, "many_large_bodies", document)


def encodings_upon_encodings(folder: Path) -> Path:
    """One body in a thousand layers of nothing."""
    return _as_yaml(
        folder, "encodings_upon_encodings", _cassette(headers={"Content-Encoding": [", ".join(["gzip"] * 1000)]})
    )


def hundred_thousand_headers(folder: Path) -> Path:
    """100,000 headers, no two alike."""
    return _as_yaml(folder, "hundred_thousand_headers", _cassette(headers={f"X-{n}": [str(n)] for n in range(100_000)}))


def millions_of_values(folder: Path) -> Path:
    """30 MiB of the shortest values that YAML has."""
    return _as_text(folder, "millions_of_values.yaml", "interactions:\n" + "- a\n" * (7 * MIB) + "version: 1\n")


def millions_of_lists(folder: Path) -> Path:
    """30 MiB of the shortest lists that JSON has."""
    return _as_text(folder, "millions_of_lists.json", '{"interactions": [' + "[]," * (10 * MIB) + '1], "version": 1}')


def deep_yaml(folder: Path) -> Path:
    """A list in a list in a list, a million deep."""
    return _as_text(folder, "deep_yaml.yaml", "interactions: " + "[" * MIB)


def deep_blocks(folder: Path) -> Path:
    """The same in blocks."""
    return _as_text(folder, "deep_blocks.yaml", "interactions:\n" + "- " * MIB + "a\n")


def deep_json(folder: Path) -> Path:
    """The same in JSON."""
    return _as_text(folder, "deep_json.json", '{"interactions": ' + "[" * MIB)


def too_large(folder: Path) -> Path:
    """A file of 4 GiB that takes no place on the disk."""
    path = folder / "too_large.yaml"
    with path.open("wb") as file:
        file.truncate(4096 * MIB)
    return path


def near_secrets(folder: Path) -> Path:
    """A body of 4 MiB, an eighth of what is allowed, that looks full of secrets until one reads on."""
    piece = '"token_of_nothing": eyJabc.gAAAAA Bearer sk_live_ ?&='
    body = (piece * (4 * MIB // len(piece))).encode()
    packed = zlib.compress(body, 1)
    reply = {"headers": {"Content-Encoding": ["deflate"]}, "body": {"string": packed}}
    return _as_yaml(folder, "near_secrets", _cassette(**reply))


def secrets_alone(folder: Path) -> Path:
    """A body of 4 MiB, an eighth of what is allowed, that is made of nothing but secrets."""
    packed = zlib.compress(b'"token": "abcdefgh", ' * (4 * MIB // 21), 1)
    reply = {"headers": {"Content-Encoding": ["deflate"]}, "body": {"string": packed}}
    return _as_yaml(folder, "secrets_alone", _cassette(**reply))


def long_runs(folder: Path) -> Path:
    """Bodies of 256 KiB in which the beginning of a secret, or one letter, comes again and again without an end."""
    pieces = ("v", "eyJ", "a.", " ", "-----BEGIN PRIVATE KEY-----", 'a_="')
    interactions: list[object] = []
    for piece in pieces:
        packed = zlib.compress((piece * (MIB // 4 // len(piece))).encode(), 1)
        one = _cassette(headers={"Content-Encoding": ["deflate"]}, body={"string": packed})
        interactions += one["interactions"]  # type: ignore[arg-type]
    return _as_yaml(folder, "long_runs", {"interactions": interactions, "version": 1})


def long_credentials(folder: Path) -> Path:
    """Signed headers of 64 KB, of one letter and of blanks."""
    document = _cassette()
    headers = {"Authorization": ["v" * 65_000], "X-Note": [" " * 64_000 + "\n" + " " * 900]}
    document["interactions"][0]["request"]["headers"] = headers  # type: ignore[index]
    return _as_text(folder, "long_credentials.json", json.dumps(document))


def header_of_megabytes(folder: Path) -> Path:
    """One header of 4 MiB."""
    return _as_text(folder, "header_of_megabytes.json", json.dumps(_cassette(headers={"X-Note": "v" * 4 * MIB})))


def include_without_end(folder: Path) -> Path:
    """An interaction in a file with a name that no file has."""
    text = f"interactions:\n- include_file: {'a' * 5000}\nversion: 1\n"
    return _as_text(folder, "include_without_end.yaml", text)


def key_twice_in_yaml(folder: Path) -> Path:
    """Two answers to one request; readers differ in which they take."""
    text = yaml.dump(_cassette()).replace("version: 1", "version: 1\nversion: 1")
    return _as_text(folder, "key_twice_in_yaml.yaml", text)


def key_twice_in_json(folder: Path) -> Path:
    """The same in JSON."""
    text = json.dumps(_cassette()).replace('"code": 200', '"code": 200, "code": 500')
    return _as_text(folder, "key_twice_in_json.json", text)


def nul_in_header(folder: Path) -> Path:
    """A header with NUL in it."""
    return _as_text(folder, "nul_in_header.json", json.dumps(_cassette(headers={"X-Note": "a\0b"})))


def header_that_splits(folder: Path) -> Path:
    """A header name that would begin a second answer."""
    return _as_text(folder, "header_that_splits.json", json.dumps(_cassette(headers={"X\r\n\r\nHTTP/1.1 200": "a"})))


def text_that_turns(folder: Path) -> Path:
    """NUL and signs that turn the writing direction, in a body, a path and a header."""
    document = _cassette(headers={"X-Note": "\u202eexe.txt"}, body={"string": "a\0b \u202egnp.exe"})
    document["interactions"][0]["request"]["uri"] = "https://shop.test/\u202e/a?b=\u2066"  # type: ignore[index]
    return _as_text(folder, "text_that_turns.json", json.dumps(document))


def half_a_surrogate(folder: Path) -> Path:
    """Text that is none in any encoding."""
    return _as_text(folder, "half_a_surrogate.json", json.dumps(_cassette(body={"string": "\ud800"})))


REFUSED: tuple[tuple[Callable[[Path], Path], str], ...] = (
    (python_object, "asks for a Python object"),
    (ruby_object, "asks for a Python object or another tag's"),
    (include_outside, "which is outside its folder"),
    (include_without_end, "as no file can be called"),
    (pipe, "is a device or a pipe"),
    (url_with_a_secret, "has the URL 'ftp://shop.test/', which is no absolute one"),
    (alias_bomb, "stands for more than 1,000,000 values"),
    (alias_to_itself, "refers to 'a' inside itself"),
    (two_gibibytes_by_gzip, "grows beyond 67108864 bytes"),
    (many_large_bodies, "holds more than 32 MiB of bodies"),
    (hundred_thousand_headers, "has 100,000 reply headers, more than the 99 that clients read"),
    (millions_of_values, "stands for more than 1,000,000 values"),
    (millions_of_lists, "is in no format that is known by its content"),
    (deep_yaml, "exceeded maximum nesting depth"),
    (deep_blocks, "is nested deeper than 100 levels"),
    (deep_json, "is nested too deeply"),
    (too_large, "is larger than 32 MiB"),
    (key_twice_in_yaml, "has the key 'version' twice"),
    (key_twice_in_json, "has the key 'code' twice"),
    (nul_in_header, "has a control character in the reply header X-Note"),
    (header_of_megabytes, "has a reply header X-Note of 4,194,304 characters, more than clients read"),
    (header_that_splits, "has a reply header named 'X\\r\\n\\r\\nHTTP/1.1 200'"),
    (half_a_surrogate, "holds half of a surrogate pair"),
)
"""Each with what is said of it."""
SURVIVED: tuple[Callable[[Path], Path], ...] = (
    near_secrets,
    secrets_alone,
    long_runs,
    long_credentials,
    encodings_upon_encodings,
    text_that_turns,
)
