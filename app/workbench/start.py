"""Opening the workbench on a project."""

from __future__ import annotations

import gc
import time

from miger.engine.config import find_config, load_config
from miger.engine.errors import ConfigError
from miger.project import Project
from miger.workbench.early import early_survey
from miger.workbench.settings import load_settings


def open_workbench(folder: str = ".", environment: str | None = None, first: str = "") -> int:
    """Runs the workbench until a person leaves it; the exit code. Raises ConfigError.

    `first` is what opens over the home screen: "wizard", or nothing.
    Without `environment` it is the one that was last chosen here, if that is still right.
    """
    config = load_config(find_config(folder))
    settings = load_settings(config.path)
    project = None
    if environment is None and settings.environment in config.names:
        try:
            project = Project(config, config.environment(settings.environment))
        except ConfigError:
            project = None
    if project is None:
        project = Project(config, config.environment(environment))
    since = time.time()
    survey = early_survey(config.migrations, project.survey)
    from miger.workbench.app import Workbench

    app = Workbench(project, settings, survey=survey, since=since, first=first, loaded=keep_what_is_loaded)
    app.run()
    app.runner.settle()
    return app.return_code or 0


def keep_what_is_loaded() -> None:
    """Takes what is in memory now out of the search for garbage, which then is short and often.

    Thousands of migrations stay until the end; to go over them takes longer than a key may.
    """
    gc.freeze()
    gc.set_threshold(2_000, 20, 20)
