"""A tree against a pydantic model: every mismatch at once, each at its place in the file."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from govlab.bundle.suggest import did_you_mean, quoted
from govlab.bundle.tree import Location, Mapping, Scalar, Tree, describe, key_at, node_at, problem
from govlab.bundle.tree import Sequence as TreeSequence
from govlab.errors import Diagnostic

__all__ = ["Document", "Model", "checked", "misfit", "validate"]

_MOST_PROBLEMS = 1_000  # a file with more was never meant for this model


class Document(BaseModel):
    """The base of every raw document: strict types, no unknown key, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def misfit(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """The error a validator of a model raises so that `validate` reports it under `code`.

    `{key}` in the message becomes the key under which the value stands.
    """
    context = {"message": message, "hint": hint}
    return PydanticCustomError("govlab", "{code}", {"code": code, **context})


def checked(parse: Callable[[str], Any], code: str = "GL017") -> Callable[[Any], Any]:
    """A validator of text by `parse`, whose ValueError becomes a diagnostic."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "text")
        try:
            return parse(value)
        except ValueError as error:
            raise misfit(code, f"{quoted(value)} is {error}") from None

    return check


def validate(tree: Tree, model: type[Model]) -> tuple[Model | None, list[Diagnostic]]:
    """The document in `tree` as a `model`, or None and every mismatch with its place."""
    try:
        return model.model_validate(_frozen(tree)), []
    except ValidationError as error:
        details = islice(error.errors(include_url=False), _MOST_PROBLEMS)
        return None, [_diagnostic(tree, model, detail) for detail in details]


def _frozen(tree: Tree) -> Any:
    """The tree as Python values with tuples for lists, which strict models take as they are."""
    match tree:
        case Scalar(value=value):
            return value
        case TreeSequence(items=items):
            return tuple(_frozen(item) for item in items)
        case Mapping(entries=entries):
            return {entry.key.text: _frozen(entry.value) for entry in entries}


def _diagnostic(tree: Tree, model: type[BaseModel], detail: ErrorDetails) -> Diagnostic:
    location, context = detail["loc"], detail.get("ctx", {})
    node = node_at(tree, location)
    if _names_a_key(tree, location):
        location = location[:-1]
        node = key_at(tree, location)
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(tree, model, location)
        case "missing":
            above = node_at(tree, location[:-1])
            return problem(above, "GL011", f"key {quoted(str(location[-1]))} is missing")
        case "literal_error":
            expected = context["expected"].replace(" or ", ", ").split(", ")
            words = tuple(word.strip("'") for word in expected)
            if isinstance(node, Scalar) and isinstance(node.value, str):
                return problem(node, "GL013", *_not_one_of(node.value, words))
            return problem(node, "GL012", f"expected {_listed(words)}, found {describe(node)}")
        case "govlab":
            key = next((step for step in reversed(location) if isinstance(step, str)), "")
            message = context["message"].replace("{key}", quoted(key))
            return problem(node, context["code"], message, context["hint"])
        case kind if kind in _WANTED:
            message = f"expected {_WANTED[kind]}, found {describe(node)}"
            return problem(node, "GL012", message, _type_hint(kind, node))
        case _:
            # what is left are bounds: too_short, greater_than_equal, finite_number ...
            message = detail["msg"][:1].lower() + detail["msg"][1:]
            return problem(node, "GL014", f"out of range: {message}")


def _names_a_key(tree: Tree, location: Location) -> bool:
    """Whether pydantic means the key itself; a user's own key `[key]` looks the same."""
    above = node_at(tree, location[:-1])
    return location[-1:] == ("[key]",) and not (isinstance(above, Mapping) and "[key]" in above)


def _type_hint(kind: str, node: Tree) -> str:
    if not isinstance(node, Scalar):
        return ""
    if kind == "string_type" and node.value is not None:
        return f'put it in quotes: `"{node.text}"`' if len(node.text) < 60 else "put it in quotes"
    if kind == "tuple_type" and node.value is not None:
        return f"write {quoted('[' + node.text + ']')}"
    return ""


def _not_one_of(word: str, words: tuple[str, ...]) -> tuple[str, str]:
    return f"{quoted(word)} is not one of {_listed(words)}", did_you_mean(word, words)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _unknown_key(tree: Tree, model: type[BaseModel], location: Location) -> Diagnostic:
    fields = _fields(model, location[:-1])
    word = str(location[-1])
    hint = did_you_mean(word, fields) or f"known here: {_listed(sorted(fields))}"
    return problem(key_at(tree, location), "GL010", f"no such key: {quoted(word)}", hint)


def _fields(model: type[BaseModel], location: Location) -> frozenset[str]:
    """The keys known at `location`, found by following the models' annotations."""
    at: Any = model
    for step in location:
        at = _inner(at)
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = at.model_fields.get(str(step))
            at = field.annotation if field else None
        else:
            at = next(reversed(typing.get_args(at)[:2]), None) if _is_dict(at) else _item(at)
    at = _inner(at)
    is_model = isinstance(at, type) and issubclass(at, BaseModel)
    return frozenset(at.model_fields) if is_model else frozenset()


def _is_dict(annotation: Any) -> bool:
    return typing.get_origin(annotation) is dict


def _item(annotation: Any) -> Any:
    return next(iter(typing.get_args(annotation)), None)


def _inner(annotation: Any) -> Any:
    """The annotation without `Annotated` and `| None` around it."""
    while typing.get_origin(annotation) in (Annotated, typing.Union, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    return annotation
