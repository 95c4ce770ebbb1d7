"""Known answers for `crates/ratchet/src/chacha_hmac.rs`, from docs/ratchet.md and RFC 8439 with nothing but Python's own
hashes. Run it, and compare with the file's tests."""

import hashlib
import hmac
import struct

CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def quarter(s, a, b, c, d):
    for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = ((s[z] ^ s[x]) << by | (s[z] ^ s[x]) >> (32 - by)) & 0xFFFFFFFF


def rounds(state):
    s = list(state)
    for _ in range(10):
        for column in range(4):
            quarter(s, column, column + 4, column + 8, column + 12)
        for column in range(4):
            quarter(s, column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12)
    return s


def stream(key, nonce, length):
    if len(nonce) == 24:  # XChaCha20: draft-irtf-cfrg-xchacha, section 2.
        inner = rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce[:16]))
        key, nonce = struct.pack("<8I", *inner[:4], *inner[12:]), bytes(4) + nonce[16:]
    out = b""
    for counter in range((length + 63) // 64):
        state = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
        mixed = zip(state, rounds(state))
        out += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in mixed))
    return out[:length]


def seal(key, nonce, data, text):
    pad = stream(key, nonce, 64 + len(text))
    sealed = bytes(a ^ b for a, b in zip(text, pad[64:]))
    return sealed + hmac.new(pad[:32], data + sealed, hashlib.sha256).digest()[:16]


for length in (0, 44, 130):
    text = bytes(7 * place % 256 for place in range(length))
    print(length, "ChaCha20 ", seal(bytes(range(32)), bytes(12), b"", text).hex())
    print(length, "XChaCha20", seal(bytes(range(32)), bytes(range(24)), b"\xad" * 32, text).hex())
