"""The engine: values, graph, planner, executor, state and recovery. It knows no screen and no driver."""
