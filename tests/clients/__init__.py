"""Tests of the demo applications."""
