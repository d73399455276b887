"""Benchmarks: ratios against a named reference in the same run. ``make bench NAME=x`` prints one JSON line."""
