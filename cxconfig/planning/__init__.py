"""Comparing what is declared with what is live and what is recorded; values in, values out."""
