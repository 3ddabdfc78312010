"""Reads a portable save with Python's standard library, from docs/save-format.md alone.

    python3 reader.py FILE …    a token as text or bytes, or the page's and commands' JSON

Prints what each save says as a line of JSON: its header, its values, and its transcript with
the chain recomputed. Values of the codec `exact` are compressed with Zstandard, which
the library has only since Python 3.14: they are left out.
"""

import base64
import hashlib
import json
import struct
import sys
import zlib

N = 64
CODECS = ["exact", "f16", "int10", "int8", "int6", "int4"]
ROLES = ["text", "continuation", "system", "user", "assistant", "tool", "thought", "tools"]


def file_of(token):
    """The save file in a portable token, once its checksum is right."""
    if token[:1] == b"{":
        token = json.loads(token)["state"].encode()
    prefix = b"gosling-portable."
    if token.startswith(prefix):
        text = token.strip()[len(prefix):]
        token = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    file, checksum = token[:-32], token[-32:]
    assert hashlib.sha256(file).digest() == checksum, "the checksum differs"
    return file


def read(file):
    assert file[:8] == b"GOSLING\0", "no save"
    version, codec, chat, L, D, size, position = struct.unpack_from("<HBBIIIQ", file, 8)
    assert version in (1, 2), f"version {version}"
    assert size == len(file), "another length"
    seed_low, seed_high, U, C, P, E, G, zero, W, decoded, told = struct.unpack_from(
        "<IIIIBBBBIII", file, 96)
    assert zero == 0 and decoded == 4 * L * D * (N + 2)
    at = 128
    unread = list(struct.unpack_from(f"<{U}I", file, at))
    at += 4 * U
    counts = [list(pair) for pair in struct.iter_unpack("<If", file[at:at + 8 * C])]
    at += 8 * C
    utf8, engine, device = file[at:at + P], file[at + P:at + P + E], file[at + P + E:at + P + E + G]
    at = aligned(at + P + E + G)
    values = file[at:at + W]
    found = {
        "version": version,
        "codec": CODECS[codec],
        "open": bool(chat & 1),
        "thinking": bool(chat & 2),
        "L": L,
        "D": D,
        "position": position,
        "fingerprint": file[32:64].hex(),
        "chain": file[64:96].hex(),
        "seed": [seed_low, seed_high],
        "told": told,
        "unread": unread,
        "counts": counts,
        "utf8": utf8.hex(),
        "engine": engine.decode(),
        "device": device.decode(),
        "values": decode(CODECS[codec], values, L, D),
    }
    at += W
    if version == 1:
        assert at == len(file), "something follows the values"
        return found
    at = aligned(at)
    while at < len(file):
        name, n = struct.unpack_from("<4sI", file, at)
        assert name == b"text", f"unknown section {name}"
        found.update(transcript(file[at + 8:at + 8 + n], unread))
        at = aligned(at + 8 + n)
    assert len(found["tokens"]) == position
    return found


def transcript(content, unread):
    plain = zlib.decompress(content[4:], -15)
    assert len(plain) == struct.unpack_from("<I", content)[0]
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = plain[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    parts = [number(), number()]
    words, order = {}, []
    for count in parts:
        token = -1
        for _ in range(count):
            token += number() + 1
            length = number()
            words[token] = plain[at:at + length]
            at += length
            order.append(token)
    tokens = [order[number()] for _ in range(number())]
    text = b"".join(words[token] for token in tokens + unread)
    turns, end = [], 0
    for _ in range(number()):
        role = ROLES[number()]
        start = end + number()
        end = start + number()
        turns.append({"role": role, "text": text[start:end].decode(errors="replace")})
    assert at == len(plain) and end <= len(text)
    chain = bytes(32)
    for token in tokens:
        chain = hashlib.sha256(chain + struct.pack("<I", token)).digest()
    return {
        "tokens": tokens,
        "text": text.decode(errors="replace"),
        "turns": turns,
        "recomputed": chain.hex(),
    }


def decode(codec, data, L, D):
    """The values in the order of the state: per layer shift, D rows of N, shift."""
    rows = L * D
    if codec == "exact":
        return None
    if codec == "f16":
        matrices = list(struct.unpack_from(f"<{rows * N}e", data))
        shifts = struct.unpack_from(f"<{2 * rows}e", data, 2 * rows * N)
    else:
        bits = int(codec[3:])
        wide = bits > 8
        words = struct.unpack_from(f"<{rows}{'I' if wide else 'H'}", data)
        scales = [struct.unpack("<f", struct.pack("<I", w if wide else w << 16))[0]
                  for w in words]
        start = (4 if wide else 2) * rows
        fields = unpack(data, start, rows, bits)
        matrices = []
        for row in range(rows):
            zero = 1 << bits - 1
            matrices += hadamard([(q - zero) * scales[row]
                                  for q in fields[row * N:(row + 1) * N]])
        shifts = struct.unpack_from(f"<{2 * rows}e", data, start + rows * N * bits // 8)
    values = []
    for layer in range(L):
        values += shifts[layer * D:(layer + 1) * D]
        values += matrices[layer * D * N:(layer + 1) * D * N]
        values += shifts[(L + layer) * D:(L + layer + 1) * D]
    return values


def unpack(data, start, rows, bits):
    """Fields, lowest bits first; of 10 bits the high 8 of all come before the low 2."""
    if bits == 10:
        high = data[start:start + rows * N]
        low = unpack(data, start + rows * N, rows, 2)
        return [h << 2 | l for h, l in zip(high, low)]
    step = N * bits
    fields = []
    for row in range(rows):
        word = int.from_bytes(data[start + row * step // 8:start + (row + 1) * step // 8], "little")
        fields += [word >> bits * j & (1 << bits) - 1 for j in range(N)]
    return fields


def hadamard(row):
    """The 64-point transform in natural order, over 8: its own inverse."""
    width = 1
    while width < N:
        for i in range(0, N, 2 * width):
            for j in range(i, i + width):
                row[j], row[j + width] = row[j] + row[j + width], row[j] - row[j + width]
        width *= 2
    return [x / 8 for x in row]


def aligned(at):
    return at + -at % 4


if __name__ == "__main__":
    for path in sys.argv[1:]:
        with open(path, "rb") as token:
            print(json.dumps(read(file_of(token.read()))))
