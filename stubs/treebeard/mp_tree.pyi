# What the product uses of django-treebeard, which has no types of its own.
from typing import Any, ClassVar, TypeVar

from django.db import models

_Node = TypeVar("_Node", bound=MP_Node, covariant=True)

class MP_NodeQuerySet(models.QuerySet[_Node]): ...

class MP_NodeManager(models.Manager[_Node]):
    def add_root(self, create_kwargs: dict[str, Any] | None = ..., *, instance: MP_Node | None = ...) -> _Node: ...
    def add_child(
        self, target: MP_Node, create_kwargs: dict[str, Any] | None = ..., *, instance: MP_Node | None = ...
    ) -> _Node: ...
    def get_children(self, node: MP_Node) -> models.QuerySet[_Node]: ...
    def move(self, node: MP_Node, target: MP_Node, pos: str | None = ...) -> None: ...

class MP_Node(models.Model):
    steplen: ClassVar[int]
    node_order_by: ClassVar[list[str]]
    path: models.CharField[str, str]
    depth: models.PositiveIntegerField[int, int]
    numchild: models.PositiveIntegerField[int, int]

    class Meta:
        abstract = True

    @classmethod
    def _get_path(cls, path: str | None, depth: int, newstep: int) -> str: ...
    @classmethod
    def _str2int(cls, num: str) -> int: ...
