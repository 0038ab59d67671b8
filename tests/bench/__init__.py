"""`python -m tests.bench`: what the product costs, held against a bare loop and against the engine's floor."""
