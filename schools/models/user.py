"""People who sign in, known by their e-mail address."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Grant, Role, prefixes
from hstw.history import tracked


class UserQuerySet(models.QuerySet["User"]):
    """People."""

    def visible_to(self, user: User, day: dt.date | None = None) -> UserQuerySet:
        """Those who hold, or held, a role where ``user`` may see people; and oneself."""
        from .membership import RoleAssignment

        assignments = RoleAssignment.objects.visible_to(user)
        return self.filter(models.Q(pk__in=assignments.values("user")) | models.Q(pk=user.pk))


_People = BaseUserManager.from_queryset(UserQuerySet)


class UserManager(_People["User"]):  # type: ignore[valid-type]  # a class that mypy sees as a variable
    """Creates people with a normalized address."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who can sign in; without a password, only by a link or an identity provider."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """A person."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("position"), max_length=200, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_demo = models.BooleanField(_("demonstration account"), default=False, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    # Set by ``hstw.middleware`` from the session: whether this session was opened with a second factor.
    has_second_factor: bool = False

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This e-mail address is taken."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0]

    def grants(self) -> list[Grant]:
        """The roles held today; read once per instance, so once per request."""
        if not hasattr(self, "_grants"):
            self._grants = [
                assignment.grant()
                for assignment in self.role_assignments.on(timezone.localdate()).select_related(
                    "organization__in_state"
                )
            ]
        return self._grants

    def holds(self, *roles: Role) -> bool:
        """Whether any of ``roles`` is held today, anywhere."""
        return any(grant.role in roles for grant in self.grants())

    def works_with_named_students(self) -> bool:
        """Whether a role of this person, with a second factor, opens students' names."""
        from hstw.access import NEEDS_NAMED_ASSIGNMENT, TABLE

        return any(
            grant.role in TABLE[Action.VIEW_NAMED_STUDENTS]
            and (grant.names_students or grant.role not in NEEDS_NAMED_ASSIGNMENT)
            for grant in self.grants()
        )

    def sees_anything(self) -> bool:
        """Whether any organization is within reach."""
        return bool(prefixes(self, Action.VIEW_ORGANIZATION))
