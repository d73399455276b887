"""Tests of xinyong.standards."""
