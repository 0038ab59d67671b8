"""Tests of the tool that finds and obtains the Pulumi engine."""
