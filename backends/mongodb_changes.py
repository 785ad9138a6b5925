"""The changes of a MongoDB schema that a migration can make: what each is called, and how it is written down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from miger.backends.mongodb_catalog import Catalog, Document, path_of
from miger.backends.mongodb_catalog import shown as as_json

Keys = str | Sequence[tuple[str, int | str]] | Mapping[str, int | str]


class SchemaChanges(ABC):
    """The helpers of `Mongo`, each of them one statement."""

    @property
    @abstractmethod
    def _writable(self) -> Database[Document]:
        """The database as it is changed by one of these."""

    @property
    @abstractmethod
    def _catalog(self) -> Catalog:
        """What the server says of its collections."""

    @abstractmethod
    def _change(
        self, kind: str, text: str, collection: str, action: Callable[[], object], target: str = "", index: str = ""
    ) -> None:
        """Makes one change, by `action`; `target` is a new name, `index` the name of one that goes."""

    def create_collection(self, name: str, *, validator: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Makes a collection, with options of the server's `create` command such as `validationLevel`, `capped`."""
        settings = {"validator": validator, **options} if validator is not None else options
        text = f"db.createCollection({as_json(name)}{_argument(settings)})"
        self._change("createCollection", text, name, lambda: self._create(name, settings))

    def create_view(self, name: str, source: str, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> None:
        """Makes a view on a collection or another view."""
        settings = {"viewOn": source, "pipeline": list(pipeline), **options}
        text = f"db.createView({as_json(name)}, {as_json(source)}, {as_json(list(pipeline))}{_argument(options)})"
        self._change("createView", text, name, lambda: self._create(name, settings))

    def set_validator(
        self, collection: str, validator: Mapping[str, Any] | None, *, level: str = "strict", action: str = "error"
    ) -> None:
        """Sets the validator in place of the one before; None takes it away."""
        self.modify_collection(collection, validator=validator or {}, validationLevel=level, validationAction=action)

    def modify_collection(self, collection: str, **options: Any) -> None:
        """Changes options of a collection, as the server's `collMod` command does."""
        text = f"db.runCommand({as_json({'collMod': collection, **options})})"
        self._change("collMod", text, collection, lambda: self._command("collMod", collection, options))

    def create_index(self, collection: str, keys: Keys, **options: Any) -> None:
        """Makes an index, with options such as `unique`, `name`, `partialFilterExpression`."""
        pairs = _pairs(keys)
        text = f"{path_of(collection)}.createIndex({as_json(dict(pairs))}{_argument(options)})"
        self._change("createIndex", text, collection, lambda: self._writable[collection].create_index(pairs, **options))

    def create_indexes(self, collection: str, indexes: Sequence[IndexModel]) -> None:
        """Makes several indexes at once, which the server does in one pass over the documents."""
        documents = [{"key": index.document["key"], **_rest_of(index.document)} for index in indexes]
        text = f"{path_of(collection)}.createIndexes({as_json(documents)})"
        self._change(
            "createIndexes", text, collection, lambda: self._writable[collection].create_indexes(list(indexes))
        )

    def drop_index(self, collection: str, name: str) -> None:
        """Drops an index by its name."""
        text = f"{path_of(collection)}.dropIndex({as_json(name)})"
        self._change("dropIndex", text, collection, lambda: self._writable[collection].drop_index(name), index=name)

    def rename_collection(self, name: str, new_name: str) -> None:
        """Gives a collection another name, with its validator. Fails where there is one of that name."""
        text = f"{path_of(name)}.renameCollection({as_json(new_name)})"

        def rename() -> None:
            validation = self._catalog.validation(name)
            self._writable[name].rename(new_name)
            self._catalog.keep_validation(new_name, validation)

        self._change("renameCollection", text, name, rename, target=new_name)

    def drop_collection(self, name: str) -> None:
        """Drops a collection or a view; one that is not there is no error."""
        self._change("drop", f"{path_of(name)}.drop()", name, lambda: self._command("drop", name, {}))

    def _create(self, name: str, options: Mapping[str, Any]) -> object:
        """By the driver's method, which refuses one that is there: the server takes the same one twice."""
        return self._writable.create_collection(name, **options)

    def _command(self, command: str, name: str, options: Mapping[str, Any]) -> object:
        return self._writable.command(command, name, **options)


def _pairs(keys: Keys) -> list[tuple[str, int | str]]:
    if isinstance(keys, str):
        return [(keys, 1)]
    return list(keys.items() if isinstance(keys, Mapping) else keys)


def _rest_of(index: Mapping[str, Any]) -> Document:
    return {name: index[name] for name in sorted(index) if name != "key"}


def _argument(options: Mapping[str, Any]) -> str:
    return f", {as_json(dict(options))}" if options else ""
