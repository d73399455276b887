"""The transparency log: every record version is a leaf of one Merkle tree whose size and root are signed."""
