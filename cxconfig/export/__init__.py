"""A live tenant into files, and back into files that are there already.

    reading   what is live, kind by kind, with what cannot be read
    values    live values -> the values that a file holds
    layout    which file a new object belongs to
    matching  declared against live -> edits, as data
    folder    edits -> new texts, checked as a whole before anything is written
    report    what was found and what would be written, for people and programs

Everything but `reading` is pure; the command line reads, asks and writes.
"""
