"""dbt's unit tests, which a run leaves out because they test the code and not the data."""

from __future__ import annotations

from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company


def test_every_rule_of_a_model_holds_on_its_examples(company: Company) -> None:
    try:
        results = list(run_dbt(company.settings, ["test", "--select", "test_type:unit"]))
    finally:
        close_connections()
    assert {r.unique_id: r.message for r in results if r.is_failure} == {}
    assert len(results) == len(load_manifest(company.settings)["unit_tests"]) > 0
