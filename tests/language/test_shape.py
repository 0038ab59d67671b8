"""What a model may ask of YAML."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from cxconfig.language.shape import FlagShape, ListShape, MapShape, NumberShape, TextShape, shape_of


@pytest.mark.parametrize(
    ("annotation", "shape"),
    [
        (str | None, TextShape()),
        (Literal["a", "b"], TextShape()),
        (bool, FlagShape()),
        (int | None, NumberShape()),
        (tuple[int, ...], ListShape(NumberShape())),
        (dict[str, list[bool]], MapShape(ListShape(FlagShape()))),
    ],
)
def test_what_yaml_has_a_form_for(annotation: Any, shape: Any) -> None:
    """Optional, choice, list and mapping of each scalar."""
    assert shape_of(annotation) == shape


@pytest.mark.parametrize("annotation", [float, int | str, Any, Literal[1, 2], bytes])
def test_what_yaml_has_no_form_for(annotation: Any) -> None:
    """A kind's author learns of it at once, not a user of some value."""
    with pytest.raises(TypeError, match="no YAML form for the annotation"):
        shape_of(annotation)
