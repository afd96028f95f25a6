"""What a node's rows follow from besides the rows it reads: its text, and all that the text calls.

Each part has a name, so that a run can say which of them has changed. Content counts and never the
time of a file: the same project checked out again has the same rules. Descriptions, owners and
tests of a model are no rules of it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import yaml

from orchestration.clock import replayed_day, today
from orchestration.policy.declared_columns import declared_columns
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transform.parsing import ENVIRONMENT_READ
from orchestration.transform.python_code import called_code

LIBRARIES = ("dbt-core", "dbt-duckdb", "duckdb")
LIBRARIES_OF_PYTHON = ("numpy", "pyarrow", "scipy", "splink")
NO_RULES = (
    *("access", "description", "docs", "enabled", "freshness", "grants", "group", "meta"),
    *("packages", "persist_docs", "tags", "static_analysis"),
)
"""What is said of a node and does not change its rows."""
RULES_IN_META = ("always_reached", "not_compared", "reaches_through", "reads")
"""What `config.meta` says of how a model is refreshed, see macros/refresh.sql."""
REPLAY, TODAY = "as_of_day", "today"
"""The macros that ask for the day that is replayed, and what day it is; `today` asks for both."""
OF_CHANGES = "may_be_repeated"
"""The macro through which a test looks only at what a refresh has changed."""
OF_ANY = "declared_attributes"
"""The macro that reads what the columns of all sources declare."""
OF_SEGMENTS = "declared_segments"
"""The macro that reads what the YAML of all segments declares."""
NOT_RULES = ("C360_DATA_DIR", "C360_AS_OF", "C360_REFRESH")
"""Variables of the environment that say where things are, or which day it is, or
which models are refreshed in this run."""
VARIABLE_READ = re.compile(r"""\bvar\(\s*(?:['"](\w+)['"])?""")


class NodeRules:
    """The rules of the nodes of one project.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
    """

    def __init__(self, settings: Settings, manifest: Mapping[str, Any]) -> None:
        self._project = settings.dbt_project_dir
        self._manifest = manifest
        self._known: dict[str, dict[str, str]] = {}

    def of(self, unique_id: str) -> dict[str, str]:
        """A hash by the name of each part of a node's rules.

        Parameters:
            unique_id: of a model, a seed or a test.
        """
        if unique_id not in self._known:
            self._known[unique_id] = dict(self._parts(unique_id))
        return self._known[unique_id]

    def day_of(self, unique_id: str) -> str:
        """The day that a node follows from: today, one that is replayed, or none."""
        node = self._manifest["nodes"][unique_id]
        asks = {self._manifest["macros"][macro]["name"] for macro in self._macros_of(node)}
        if TODAY in asks or "current_date" in node.get("raw_code", ""):
            return today()
        return today() if REPLAY in asks and replayed_day() else ""

    def looks_at_changes(self, unique_id: str) -> bool:
        """Whether a node is a test that can be asked of what a refresh has changed alone."""
        node, nodes = self._manifest["nodes"][unique_id], self._manifest["nodes"]
        # Of a source nobody says what has changed.
        if node["resource_type"] != "test" or not set(node["depends_on"]["nodes"]) <= set(nodes):
            return False
        macros = self._manifest["macros"]
        return any(macros[macro]["name"] == OF_CHANGES for macro in self._macros_of(node))

    def _parts(self, unique_id: str) -> Iterator[tuple[str, str]]:
        node = self._manifest["nodes"][unique_id]
        yield "its configuration", _hash(_configuration(node))
        yield "the version of a library", _versions(LIBRARIES)
        if node["resource_type"] == "seed":
            yield "its rows", _hash((self._project / node["original_file_path"]).read_bytes())
            return
        if node.get("language") == "python":
            code = called_code(PROJECT_ROOT, node["raw_code"])
            yield "its Python", _hash(code[""])
            for module, text in code.items():
                if module:
                    yield f"the code of {module}", _hash(text)
            yield "the version of a library of its Python", _versions(LIBRARIES_OF_PYTHON)
            return
        macros = {macro: self._manifest["macros"][macro] for macro in self._macros_of(node)}
        yield "its SQL", _hash(node["raw_code"])
        for macro in macros.values():
            yield f"macro {macro['name']}", _hash(macro["macro_sql"])
        texts = [node["raw_code"], *(macro["macro_sql"] for macro in macros.values())]
        for name in sorted({n for text in texts for n in VARIABLE_READ.findall(text)}):
            # A name that is put together while the macro runs may be any of them.
            value = self._variables.get(name) if name else self._variables
            yield f"variable {name}".strip(), _hash(value)
        asked = {name for text in texts for name in ENVIRONMENT_READ.findall(text)}
        for name in sorted(asked.difference(NOT_RULES)):
            yield f"variable {name} of the environment", _hash(os.environ.get(name))
        if any("graph" in text for text in texts):
            yield "what is declared of its inputs", _hash(self._declared(node))
            names = {macro["name"] for macro in macros.values()}
            if declared := self._declared_columns(None if OF_ANY in names else node):
                yield "what columns of sources declare", _hash(declared)
            if OF_SEGMENTS in names:
                yield "what segments declare", _hash(self._declared_segments())

    def _macros_of(self, node: Mapping[str, Any]) -> list[str]:
        """The project's own macros that a node calls, directly and through others."""
        own = self._macros_by_name
        materialized = node["config"].get("materialized")
        strategy = node["config"].get("incremental_strategy")
        # dbt finds these by their names, so no node depends on them as it says.
        hooks = [f"materialization_{materialized}_{kind}" for kind in ("duckdb", "default")]
        hooks.append(f"get_incremental_{strategy}_sql")
        left = [own[name] for name in hooks if name in own]
        left += node["depends_on"]["macros"]
        found: set[str] = set()
        while left:
            macro = left.pop()
            if macro in found or macro not in self._manifest["macros"]:
                continue
            if macro not in own.values():
                continue
            found.add(macro)
            name = self._manifest["macros"][macro]["name"]
            implementations = (own.get(f"{kind}__{name}") for kind in ("duckdb", "default"))
            left += [entry for entry in implementations if entry]
            left += self._manifest["macros"][macro]["depends_on"]["macros"]
        return sorted(found)

    @cached_property
    def _macros_by_name(self) -> dict[str, str]:
        project = self._manifest["metadata"]["project_name"]
        return {
            macro["name"]: unique_id
            for unique_id, macro in self._manifest["macros"].items()
            if macro["package_name"] == project
        }

    @cached_property
    def _variables(self) -> Mapping[str, Any]:
        path = self._project / "dbt_project.yml"
        said: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")).get("vars") or {}
        own = said.get(self._manifest["metadata"]["project_name"])
        return {**said, **own} if isinstance(own, Mapping) else said

    def _declared(self, node: Mapping[str, Any]) -> list[Any]:
        nodes, sources = self._manifest["nodes"], self._manifest["sources"]
        parents = sorted(node["depends_on"]["nodes"])
        read = sorted(sources) if "graph.sources" in node["raw_code"] else parents
        return [
            [parent, sorted(nodes[parent]["columns"]), nodes[parent]["depends_on"].get("nodes")]
            for parent in parents
            if parent in nodes
        ] + [[source, _terms(sources[source])] for source in read if source in sources]

    def _declared_columns(self, node: Mapping[str, Any] | None) -> list[Any]:
        """What the columns of a node's sources declare, or of all sources."""
        read = None if node is None else node["depends_on"]["nodes"]
        return [
            [declared.table, declared.where, declared.what, declared.said, declared.label]
            for declared in declared_columns(self._manifest)
            if read is None or declared.table in read
        ]

    def _declared_segments(self) -> list[Any]:
        return [
            [
                node["name"],
                node["description"],
                node["config"]["meta"],
                node["checksum"]["checksum"],
            ]
            for _, node in sorted(self._manifest["nodes"].items())
            if node["resource_type"] == "model" and node["config"]["meta"].get("segment")
        ]


def _terms(source: Mapping[str, Any]) -> list[str]:
    """On what terms a source's data may be used, see macros/source_table_of.sql."""
    meta = {
        **source.get("source_meta", {}),
        **source.get("meta", {}),
        **source.get("config", {}).get("meta", {}),
    }
    return [str(meta.get(word, "")) for word in ("party", "legal_basis", "use_until")]


@cache
def _versions(libraries: tuple[str, ...]) -> str:
    return _hash([version(name) for name in libraries])


def _configuration(node: Mapping[str, Any]) -> list[Any]:
    config = {k: v for k, v in node["config"].items() if k not in NO_RULES}
    meta = node["config"].get("meta", {})
    reach = [meta.get(name) for name in RULES_IN_META]
    promised = [
        [name, column.get("data_type"), column.get("constraints")]
        for name, column in node.get("columns", {}).items()
        if node["config"].get("contract", {}).get("enforced")
    ]
    asked = (node.get("test_metadata") or {}).get("kwargs")
    return [config, reach, promised, asked, node.get("relation_name")]


def _hash(value: Any) -> str:
    if not isinstance(value, bytes):
        value = json.dumps(value, sort_keys=True, default=str).encode()
    return sha256(value).hexdigest()[:20]
