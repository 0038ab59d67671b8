"""What a run found and did: text for people, JSON for programs, live progress. Pure functions of values."""
