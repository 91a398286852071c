"""Parameters of Bodhi, each as colander 2.0 read it with the nodes of Bodhi's schemas."""

import pytest
from multidict import MultiDict

from fedora_packages.sandbox.upstreams.bodhi_parameters import InvalidParameters, Parameters


def read(method: str, *given: str, **options):
    """Return the value of a parameter that was given so, or the errors by name."""
    parameters = Parameters(MultiDict([("x", text) for text in given]))
    value = getattr(parameters, method)("x", **options)
    try:
        parameters.check()
    except InvalidParameters as invalid:
        return dict(invalid.errors)
    return value


@pytest.mark.parametrize(
    ("method", "options", "given", "value"),
    [
        ("strings", {}, [], None),
        ("strings", {}, ["a, b"], ["a", "b"]),
        ("strings", {}, [","], []),
        ("strings", {}, ["a", ""], {"x.1": "Required"}),
        ("strings", {"may_be_empty": True}, [""], []),
        ("strings", {"allowed": ("a", "b")}, ["b", "a"], ["b", "a"]),
        ("strings", {"allowed": ("a", "b")}, ["a,b"], {"x.0": '"a,b" is not one of a, b'}),
        ("integers", {}, ["1", "2"], [1, 2]),
        ("integers", {}, ["1,2"], {"x.0": '"1,2" is not a number'}),
        ("integers", {}, [""], {"x.0": "Required"}),
        ("flag", {}, ["TRUE"], True),
        ("flag", {}, ["0"], False),
        ("flag", {}, [""], {"x": "\"\" is neither in ('false', '0') nor in ('true', '1')"}),
        ("flag", {}, ["yes"], {"x": "\"yes\" is neither in ('false', '0') nor in ('true', '1')"}),
        ("integer", {"default": 1}, [""], 1),
        ("integer", {"default": 1}, [" 2 "], 2),
        ("integer", {"default": 1}, ["9999999999999"], 9_999_999_999_999),
        ("integer", {"default": 1}, ["1.5"], {"x": '"1.5" is not a number'}),
        ("integer", {"default": 1}, ["0"], {"x": "0 is less than minimum value 1"}),
        ("integer", {"default": 1}, ["1", "2"], {"x": "\"['1', '2']\" is not a number"}),
        ("integer", {"default": 1, "highest": 9}, ["10"], {"x": "10 is greater than maximum value 9"}),
        ("time", {}, [""], None),
        ("time", {}, ["2026-01-01"], 1_767_225_600.0),
        ("time", {}, ["2026-01-01 10:00:00"], 1_767_261_600.0),
        ("time", {}, ["2026-01-01T00:00:00+02:00"], 1_767_218_400.0),
        ("time", {}, ["1764000000"], {"x": "Invalid date"}),
        ("choice", {"allowed": ("a", "b")}, [""], None),
        ("choice", {"allowed": ("a", "b")}, ["c"], {"x": '"c" is not one of a, b'}),
        ("string", {}, ["  "], ""),
    ],
)
def test_a_parameter_is_read_as_bodhi_reads_it(method, options, given, value):
    assert read(method, *given, **options) == value


def test_unknown_names_are_told_together():
    parameters = Parameters(MultiDict())
    assert parameters.known("packages", ["a", "b", "c"], {"b": 1}.get, "packages") == [1]
    assert parameters.numbers("bugs", ["1", "x"]) == set()
    with pytest.raises(InvalidParameters) as invalid:
        parameters.check()
    assert invalid.value.errors == [
        ("packages", "Invalid packages specified: a, c"), ("bugs", "Invalid bug ID specified: ['1', 'x']"),
    ]  # fmt: skip
