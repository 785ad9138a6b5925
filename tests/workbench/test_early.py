from __future__ import annotations

import os
import signal
import time

from miger.project import Project
from miger.workbench import early
from miger.workbench.early import Elsewhere, early_survey

from tests.app.sandbox import Sandbox


def test_a_folder_is_read_in_a_process_of_its_own(shop: Sandbox) -> None:
    shop.table("0001_a", "a")
    shop.write("migrations/0002_bad.sql", "SELECT 1;\n")
    with Project.open(shop.folder) as project:
        survey = Elsewhere(project.survey).result()
        assert list(survey.graph) == ["0001_a"] and survey.graph.heads == ("0001_a",)
        assert [os.path.basename(problem.file) for problem in survey.problems] == ["0002_bad.sql"]
        assert survey == (survey.graph, project.survey().problems)


def test_a_process_that_is_killed_is_made_good_for(shop: Sandbox) -> None:
    here = os.getpid()

    def call() -> int:
        if os.getpid() != here:
            time.sleep(60)
        return 5

    call_elsewhere = Elsewhere(call)
    os.kill(call_elsewhere._pid, signal.SIGKILL)
    assert call_elsewhere.result() == 5


def test_a_failure_over_there_is_met_here(shop: Sandbox) -> None:
    here = os.getpid()

    def call() -> str:
        if os.getpid() != here:
            raise ValueError
        return "here"

    assert Elsewhere(call).result() == "here"


def test_a_small_folder_is_worth_no_process(shop: Sandbox) -> None:
    shop.table("0001_a", "a")
    assert early_survey(shop.migrations, lambda: 1) is None
    assert early_survey(shop.path("nowhere"), lambda: 1) is None
    assert early.MANY > 1
