"""What in a plan may hurt: rules on its statements, and questions to the data."""

from miger.engine.hazards.find import find_hazards
from miger.engine.hazards.values import ERROR, INFO, WARNING, Hazard, HazardReport

__all__ = ["ERROR", "INFO", "WARNING", "Hazard", "HazardReport", "find_hazards"]
