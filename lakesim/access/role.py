"""A role: a name for a list of grants, and what its holders may manage."""

from __future__ import annotations

from dataclasses import dataclass

from lakesim.access.grant import Grant

__all__ = ["Role"]


@dataclass(frozen=True, slots=True)
class Role:
    """What callers of one kind may do; access is the union of the grants (content-lake reference, section 6.8)."""

    name: str
    title: str
    grants: tuple[Grant, ...] = ()
    description: str = ""
    manages: bool = False
    """May do whatever there is to manage, the emulator's own controls included."""
    manages_datasets: bool = False
    """May create, edit and delete datasets."""
    is_custom: bool = False
    by_acl_mode: bool = False
    """Holds its grants on public datasets alone."""

    def grants_on(self, acl_mode: str) -> tuple[Grant, ...]:
        """Return the grants on a dataset of this `aclMode`."""
        return () if self.by_acl_mode and acl_mode != "public" else self.grants

    def holds(self, permission: str) -> bool:
        """Whether any grant has the permission."""
        return any(permission in grant.permissions for grant in self.grants)

    @property
    def reads(self) -> bool:
        """Whether any document at all may be readable."""
        return self.holds("read")

    @property
    def writes(self) -> bool:
        """Whether any document at all may be written."""
        return self.holds("create") or self.holds("update")
