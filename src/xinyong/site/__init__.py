"""The pages of the public site above publicity: records, lists, statistics, guides. Reads only; no table of its own."""
