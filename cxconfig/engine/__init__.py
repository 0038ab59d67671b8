"""The edge to the Pulumi engine: finding it, running it, reading what it says."""
