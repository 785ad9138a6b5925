"""What happens to the documents of a collection, and its way back."""

from __future__ import annotations

from typing import NamedTuple

from miger.generate.collections.types import target_of


class RenameField(NamedTuple):
    """A field gets another name; paths lead into objects by dots."""

    old: str
    new: str

    def reverse(self) -> RenameField:
        """Its name again."""
        return RenameField(self.new, self.old)


class ConvertField(NamedTuple):
    """Values of the types that are no longer allowed become values of one that is.

    `before` and `after` are the types allowed. `lenient`: what does not convert becomes null.
    """

    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    lenient: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The types that are converted."""
        return tuple(kind for kind in self.before if kind not in self.after and kind != "null")

    @property
    def target(self) -> str:
        """What they become, as `converted` of collections_types takes it."""
        return target_of(self.after)

    def reverse(self) -> ConvertField | None:
        """The types they had; None where all of the new ones are allowed there, too."""
        back = ConvertField(self.field, self.after, self.before)
        return back if back.sources else None


class FillField(NamedTuple):
    """Documents without the field get a value; with `nulls` also those where it is null. `made_up`: by us."""

    field: str
    value: object
    nulls: bool = False
    new: bool = True
    made_up: bool = False

    def reverse(self) -> TakeField | None:
        """What was filled in goes, if the field was not known before."""
        return TakeField(self.field, self.value) if self.new else None


class TakeField(NamedTuple):
    """The value that was filled in goes again."""

    field: str
    value: object

    def reverse(self) -> FillField:
        """It is filled in again."""
        return FillField(self.field, self.value)


class DropNulls(NamedTuple):
    """A null where none is allowed any more: the field goes, which means the same."""

    field: str

    def reverse(self) -> None:
        """A field that is not there is as good as null."""
        return


class RemoveField(NamedTuple):
    """A field goes with its values: the validator allows no other fields than its own."""

    field: str

    def reverse(self) -> None:
        """Its values do not come back."""
        return


DataStep = RenameField | ConvertField | FillField | TakeField | DropNulls | RemoveField


def reversed_steps(steps: tuple[DataStep, ...]) -> tuple[DataStep, ...]:
    """The way back."""
    back = (step.reverse() for step in reversed(steps))
    return tuple(step for step in back if step is not None)
