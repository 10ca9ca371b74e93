#!/usr/bin/env python3
"""Verifies an exported Curfew log, with the Python standard library alone. The format is in docs/ledger.md.

    verify-ledger.py --vkey KEY FILE...

A FILE is JSON as the API gives it: pages of /v1/audit/entries, pages of /v1/audit/checkpoints, proofs of
/v1/audit/proof/SEQ; any number of them, of any days, in any order. KEY is the log's verifier key, obtained on another way than the log.

It checks that every body has its stored leaf hash, that the entries are complete and in order, that the Merkle tree over
them has the root of every checkpoint, that every checkpoint is signed by KEY, that every proof leads to a signed root, and that
what is given more than once is the same each time.
It does not check what only a live server shows: that the states of today are explained by entries, and that the log is the
one that you saw earlier; for the latter give --seen SIZE:ROOT as an earlier run printed it.

Exit code: 0 all of it holds, 1 something does not, 2 the input cannot be read.
"""
import argparse
import base64
import binascii
import functools
import hashlib
import json
import sys

# Ed25519, RFC 8032, section 5.1. Nothing here is secret, so nothing needs constant time.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Adds points in extended coordinates (X, Y, Z, T)."""
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    product = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            product = add(product, point)
        point = add(point, point)
        scalar >>= 1
    return product


def decode_point(encoded):
    y = int.from_bytes(encoded, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P != 0 or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public_key, message, signature):
    if len(signature) != 64:
        return False
    a, r = decode_point(public_key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# The Merkle tree, RFC 6962, section 2.1.
def leaf_hash(body):
    return hashlib.sha256(b"\x00" + body.encode()).digest()


def leaf_of(entry):
    """Whoever may not read an entry gets its leaf hash alone; the tree is grown from it as well."""
    return bytes.fromhex(entry["leaf"]) if entry["body"] is None else leaf_hash(entry["body"])


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf and knows its root at every size."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, leaf):
        height = 0
        while self.peaks and self.peaks[-1][0] == height:
            leaf = node_hash(self.peaks.pop()[1], leaf)
            height += 1
        self.peaks.append((height, leaf))
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of_proof(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2; None where the path does not fit."""
    fn, sn = index, size - 1
    if not 0 <= fn <= sn:
        return None
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            leaf = node_hash(sibling, leaf)
            while fn & 1 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            leaf = node_hash(leaf, sibling)
        fn, sn = fn >> 1, sn >> 1
    return leaf if sn == 0 else None


# Checkpoints: C2SP signed-note and tlog-checkpoint.
def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def fail(message):
    print(f"verify-ledger: {message}", file=sys.stderr)
    sys.exit(2)


def parse_vkey(vkey):
    parts = vkey.split("+", 2)
    key = unbase64(parts[2]) if len(parts) == 3 else b""
    if len(key) != 33 or key[0] != 1:
        fail("this is not an Ed25519 verifier key: NAME+HASH+KEY")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + key).digest()[:4]
    if key_id.hex() != parts[1]:
        fail("the hash in the verifier key is not the one of its name and key")
    return parts[0], key_id, key[1:]


@functools.lru_cache(maxsize=None)
def open_checkpoint(note, vkey):
    """(size, root) of a checkpoint that is signed by the key; None otherwise. Signatures of others are ignored."""
    name, key_id, public_key = vkey
    text, separator, signatures = note.partition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if separator == "" or len(lines) < 4 or lines[0] != name or not lines[1].isdecimal():
        return None
    root = unbase64(lines[2])
    for line in signatures.split("\n"):
        fields = line.split(" ")
        if len(fields) != 3 or fields[:2] != ["\u2014", name]:
            continue
        signature = unbase64(fields[2])
        if signature[:4] == key_id and is_signed(public_key, text.encode(), signature[4:]):
            return (int(lines[1]), root) if len(root) == 32 else None
    return None


def read(paths, vkey):
    """Entries by seq, notes by size, proofs, and what contradicts itself: files of several days may not be of one log."""
    entries, checkpoints, proofs, problems = {}, {}, [], []
    roots = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        is_proof = "hashes" in document
        if is_proof:
            proofs.append(document)
        for item in [document] if is_proof else document["items"]:
            note = item.get("checkpoint" if is_proof else "note")
            if note is not None:
                # Other signatures may stand under one statement; another root of the same size is another statement.
                size, root = open_checkpoint(note, vkey) or (item["size"], None)
                if roots.setdefault(size, root) != root:
                    problems.append(f"two different checkpoints of {size} entries were given: this is not one log")
                if not is_proof:
                    checkpoints[item["size"]] = note
            else:
                known = entries.get(item["seq"])
                # One who may read more of the log than another has bodies where the other has leaf hashes alone.
                if known is None or known["body"] is None:
                    entries[item["seq"]] = item
                known = known or item
                bodies = {known["body"], item["body"]} - {None}
                if len(bodies) > 1 or known["leaf"] != item["leaf"]:
                    problems.append(f"entry {item['seq']} was given twice, and differs: this is not one log")
    return entries, checkpoints, proofs, problems


def check_log(entries, checkpoints, vkey, seen):
    """The first thing that does not hold, as a sentence; None when all does."""
    tree, verified, misfit = Tree(), 0, None
    for seq in sorted(entries):
        if seq != tree.size:
            return f"entry {tree.size if misfit is None else misfit} is missing or not in its place"
        leaf = leaf_of(entries[seq])
        if leaf.hex() != entries[seq]["leaf"] and misfit is None:
            misfit = seq
        tree.add(leaf)
        if seen is not None and seen[0] == tree.size and seen[1] != tree.root():
            return f"entries 0 to {seq} are not those that were seen earlier"
        if tree.size not in checkpoints:
            continue
        checkpoint = open_checkpoint(checkpoints[tree.size], vkey)
        if checkpoint is None or checkpoint[0] != tree.size:
            return f"the checkpoint of {tree.size} entries is not signed by this key"
        if checkpoint[1] != tree.root():
            if misfit is not None and misfit >= verified:
                return f"entry {misfit} is not what was signed: its body does not have the leaf hash of its place"
            return f"one of the entries {verified} to {seq} is not what was signed"
        verified = tree.size
    latest = max(checkpoints, default=0)
    if latest > tree.size:
        return f"{latest} entries were signed, but there are {tree.size}"
    if misfit is not None:
        return f"a stored hash of entry {misfit} is not the one of its body"
    if verified < tree.size:
        return f"entries {verified} to {tree.size - 1} are covered by no checkpoint; if they are new, export again"
    if seen is not None and seen[0] > tree.size:
        return f"{seen[0]} entries were seen earlier, but there are {tree.size}"
    return None


def check_proof(proof, vkey):
    checkpoint = open_checkpoint(proof["checkpoint"], vkey)
    if checkpoint is None or checkpoint[0] != proof["size"]:
        return f"the checkpoint of the proof of entry {proof['seq']} is not signed by this key"
    path = [unbase64(one) for one in proof["hashes"]]
    if root_of_proof(bytes.fromhex(proof["leaf"]), proof["seq"], proof["size"], path) != checkpoint[1]:
        return f"the proof of entry {proof['seq']} does not lead to the signed root"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vkey", required=True, help="verifier key of the log: NAME+HASH+KEY")
    parser.add_argument("--seen", metavar="SIZE:ROOT", help="what an earlier run verified")
    parser.add_argument("file", nargs="+")
    options = parser.parse_args()
    vkey = parse_vkey(options.vkey)
    seen = None
    if options.seen is not None:
        size, _, root = options.seen.partition(":")
        if not size.isdecimal() or len(unbase64(root)) != 32:
            fail("--seen is SIZE:ROOT, the root in base64")
        seen = int(size), unbase64(root)
    try:
        entries, checkpoints, proofs, problems = read(options.file, vkey)
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"cannot read the export: {error!r}")
    problems += [check_proof(proof, vkey) for proof in proofs]
    leaves = {seq: leaf_of(entry).hex() for seq, entry in entries.items()}
    for proof in proofs:
        if leaves.setdefault(proof["seq"], proof["leaf"]) != proof["leaf"]:
            problems.append(f"the proof of entry {proof['seq']} is about another body")
    if entries or checkpoints:
        problems.append(check_log(entries, checkpoints, vkey, seen))
    problems = list(dict.fromkeys(problem for problem in problems if problem is not None))
    for problem in problems:
        print(f"DOES NOT HOLD: {problem}")
    if problems:
        return 1
    hidden = sum(entry["body"] is None for entry in entries.values())
    of_those = f" ({hidden} of them by their leaf hashes alone)" if hidden else ""
    print(f"holds: {len(entries)} entries{of_those}, {len(checkpoints)} checkpoints, {len(proofs)} proofs")
    if checkpoints:
        size, root = open_checkpoint(checkpoints[max(checkpoints)], vkey)
        print(f"seen: {size}:{base64.b64encode(root).decode()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
