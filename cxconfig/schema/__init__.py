"""What the models say about the files, for people and editors: field help, JSON Schema, reference pages.

Made from the registry and its models alone; nothing here knows a kind by name.
"""
