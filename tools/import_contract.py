"""The import contract of the four folders, for import-linter.

import-linter's own contracts cannot say "miger itself and everything below it, but not
miger.engine", because the folder `app` *is* the package `miger`. This one can.
"""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

FACE = "app"


class FoldersContract(Contract):
    """Each folder imports only itself and the folders it may; every other module is `app`.

    `may_import` holds lines of `folder: folder folder …`.
    """

    type_name = "folders"

    may_import = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import, of ours by ours, that crosses folders where it may not."""
        root: str = self.session_options["root_packages"][0]
        lines: list[str] = self.may_import  # type: ignore[assignment]  # a field until it is filled in
        allowed: dict[str, set[str]] = {}
        for line in lines:
            folder, _, others = line.partition(":")
            allowed[folder.strip()] = {folder.strip(), *others.split()}

        def folder_of(module: str) -> str:
            inner = module.split(".")[1:2]
            return inner[0] if inner and inner[0] in allowed else FACE

        ours = [name for name in graph.modules if name == root or name.startswith(f"{root}.")]
        problems: list[str] = []
        for importer in sorted(ours):
            folder = folder_of(importer)
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if folder == FACE or not (imported == root or imported.startswith(f"{root}.")):
                    continue
                if folder_of(imported) not in allowed[folder]:
                    details: Any = graph.get_import_details(importer=importer, imported=imported)
                    numbers = ", ".join(str(detail["line_number"]) for detail in details)
                    problems.append(f"{importer} -> {imported} (l.{numbers})")
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per import that may not be."""
        for problem in check.metadata["problems"]:
            output.print_error(f"- {problem}", bold=False)
        output.new_line()
