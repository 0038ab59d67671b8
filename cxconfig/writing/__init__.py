"""Writing back to the user's files: edits in place, new files, layout, migrations."""
