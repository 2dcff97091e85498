"""Tests of the application for duty-free letters."""
