"""The OpenAPI document speaks of every route, and every answer is as it says."""

from __future__ import annotations

import json
from pathlib import Path

from govlab.entries import FIELDS
from govlab.serving import app
from govlab.serving.limits import EVALUATIONS, ID

DOCUMENT = json.loads(Path(app.__file__).with_name("openapi.json").read_text())


def test_its_routes_are_those_of_the_server() -> None:
    told = {path: next(iter(one)).upper() for path, one in DOCUMENT["paths"].items()}
    assert told == {path: method for path, (method, _) in app._ROUTES.items()}


def test_what_may_be_told_of_an_action_is_what_is_stored() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for kind, names in FIELDS.items():
        assert schemas[kind.title()]["properties"].keys() <= names.keys()
        columns = {names[name] for name in schemas[kind.title()]["properties"]}
        assert columns == set(names.values())


def test_its_bounds_are_the_servers() -> None:
    items = DOCUMENT["components"]["schemas"]["Evaluations"]["properties"]["evaluations"]
    assert items["maxItems"] == EVALUATIONS
    assert str(ID) in json.dumps(DOCUMENT["paths"]["/access/v1/evaluation"])
