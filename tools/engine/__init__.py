"""The tool that obtains a Pulumi engine: `python -m tools.engine.obtain`."""
