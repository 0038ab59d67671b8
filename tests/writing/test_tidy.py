"""The layout of files, piece by piece."""

from __future__ import annotations

import pytest

from cxconfig.errors import InputErrors
from cxconfig.writing.tidy import tidied

UNTIDY = """\
\ufeff

# header\t


api_version :   cxconfig/v1   # v\t
onecloud:
    # teams
    teams:
        Sales:      # nothing
            # commented: out
        Night: { a : 1,b: [x,y ] }\t# empty
    # users
    users:
      # Jane
      jdoe:  # the first
          first_name:    Jane   # her name
          skills: {English: 90,
             # in
             Billing: 50 ,
          }
          roles:
          - a
          # the second
          -   b
          # end of roles
      # Joe
      joe:
                 first_name: &n    Joe
                 last_name: *n
                 notes: |  # long
                        x
                          y   \n

                 list:
                 - - a
                   - b
                 -   k: 1
                     l: "a
                  b  \n
                  c"
                 -
                   m: 1
                 text: a
                   b

                   c



    other:
        |2+
          a

"""

TIDY = """\
# header

api_version: cxconfig/v1   # v
onecloud:
  # teams
  teams:
    Sales:      # nothing
      # commented: out
    Night: {a: 1, b: [x, y]}\t# empty
  # users
  users:
    # Jane
    jdoe:  # the first
      first_name: Jane   # her name
      skills: {English: 90,
         # in
         Billing: 50,
      }
      roles:
        - a
        # the second
        - b
        # end of roles
    # Joe
    joe:
      first_name: &n Joe
      last_name: *n
      notes: |  # long
        x
          y   \n
      list:
        - - a
          - b
        - k: 1
          l: "a
            b  \n
            c"
        -
          m: 1
      text: a
        b

        c

  other:
    |2+
        a

"""


def test_a_whole_file() -> None:
    """Indentation, lists, blanks, empty lines, brackets, comments, texts of several lines."""
    assert tidied(UNTIDY.replace("\n", "\r\n")) == TIDY
    assert tidied(UNTIDY) == TIDY
    assert tidied(TIDY) == TIDY


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# c", "# c\n"),
        ("\n---\na: 1\n...\n\n", "---\na: 1\n...\n"),
        ("a: 1", "a: 1\n"),
        ("a: |\n x", "a: |-\n  x\n"),
        ("a: >+\n x", "a: >-\n  x\n"),
        ("a: |+\n x\n\n\n", "a: |+\n  x\n\n\n"),
        ("a: |\n x\n\n\n", "a: |\n  x\n"),
        ("a: |\n x\n  \n", "a: |\n  x\n   \n"),
        ("  a: 1\n  # c\n", "a: 1\n# c\n"),
        ("? a\n:   b\n", "? a\n: b\n"),
        ("?    - a\n     - b\n: 1\n", None),
        ('{"a":1,\n "b":2}\n', '{"a": 1,\n  "b": 2}\n'),
        ("a:\n# c\n  b: 1\n", "a:\n# c\n  b: 1\n"),
        ("a:\n    - b\n    # c\n", "a:\n  - b\n  # c\n"),
        ("a: '  x  '\nb: \"\tx\"\n", "a: '  x  '\nb: \"\tx\"\n"),
        ("a: b\t# c\n", "a: b\t# c\n"),
        ("%YAML 1.2\n---\na:  1\n", "%YAML 1.2\n---\na: 1\n"),
    ],
)
def test_pieces(text: str, wanted: str | None) -> None:
    """Ends of files, markers, block texts at the end, comments below and between."""
    if wanted is None:
        with pytest.raises(InputErrors):
            tidied(text)
        return
    assert tidied(text) == wanted
    assert tidied(wanted) == wanted
