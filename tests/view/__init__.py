"""Tests of the view; a package so that they can share ``dags``."""
