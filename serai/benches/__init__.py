"""Measurements of the real thing: real signatures, real flushes, never one without the other."""
