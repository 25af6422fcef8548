"""Tests of the store; a package so that they can share ``stores``."""
