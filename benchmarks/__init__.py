"""Measurements, each beside its comparison; none of them runs as a test."""
