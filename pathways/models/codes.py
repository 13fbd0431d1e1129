"""Code lists that others keep: programs, courses, occupations, exams, clusters, descriptors.

Evidence refers to codes as text, so a code is its own key and is never deleted: one that its list no longer has says
in which edition it ended. Codes are text with their leading zeros.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class CodeQuerySet(models.QuerySet["Code"]):
    """Codes of a list."""

    def in_force(self) -> Self:
        """Those that may be chosen today; the others only explain what was recorded before."""
        return self.filter(ended_in="")


class Code(models.Model):
    """One code of a list."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    title = models.CharField(_("title"), max_length=300)
    # The edition in which the list no longer had it; blank while it is in force.
    ended_in = models.CharField(_("ended in"), max_length=40, blank=True)

    objects = CodeQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Framework(models.TextChoices):
    """Advance CTE's two National Career Clusters Frameworks; states move from one to the other at their own pace."""

    CLASSIC = "classic16", _("16 Career Clusters")
    OF_2024 = "2024", _("Career Clusters 2024")


class CareerCluster(Code):
    """A career cluster. The code holds its framework: ``classic16:08``, ``2024:09``.

    Numbers are the places in the alphabetical order in which the frameworks list their clusters.
    """

    framework = models.CharField(_("framework"), max_length=9, choices=Framework)
    cross_cutting = models.BooleanField(
        _("cross-cutting"), default=False, help_text=_("Its skills are part of every other cluster.")
    )

    class Meta(Code.Meta):
        verbose_name = _("career cluster")
        verbose_name_plural = _("career clusters")


class CipCode(Code):
    """An instructional program (NCES, CIP 2020): family ``51``, group ``51.39`` or program ``51.3902``."""

    family = models.CharField(_("family"), max_length=2)
    definition = models.TextField(_("definition"), blank=True)
    # Where the edition says that an ended code was moved, or is to be reported under another.
    replaced_by = models.CharField(_("replaced by"), max_length=7, blank=True)

    class Meta(Code.Meta):
        verbose_name = _("CIP code")
        verbose_name_plural = _("CIP codes")


class SubjectArea(models.TextChoices):
    """The first two digits of a SCED code; the words are those of each area's “—Other” course in SCED 12."""

    ENGLISH = "01", _("English Language and Literature")
    MATHEMATICS = "02", _("Mathematics")
    SCIENCE = "03", _("Life and Physical Sciences")
    SOCIAL_SCIENCE = "04", _("Social Sciences and History")
    ARTS = "05", _("Visual and Performing Arts")
    RELIGION = "07", _("Religious Education and Theology")
    PHYSICAL_EDUCATION = "08", _("Physical, Health, and Safety Education")
    MILITARY = "09", _("Military Science")
    INFORMATION_TECHNOLOGY = "10", _("Information Technology")
    COMMUNICATION = "11", _("Communication and Audio/Video Technology")
    BUSINESS = "12", _("Business and Marketing")
    MANUFACTURING = "13", _("Manufacturing")
    HEALTH_CARE = "14", _("Health Care Sciences")
    GOVERNMENT = "15", _("Public, Protective, and Government Service")
    HOSPITALITY = "16", _("Hospitality and Tourism")
    CONSTRUCTION = "17", _("Architecture and Construction")
    AGRICULTURE = "18", _("Agriculture, Food, and Natural Resources")
    HUMAN_SERVICES = "19", _("Human Services")
    TRANSPORTATION = "20", _("Transportation, Distribution and Logistics")
    ENGINEERING = "21", _("Engineering and Technology")
    MISCELLANEOUS = "22", _("Miscellaneous")
    NON_SUBJECT = "23", _("Non-Subject-Specific")
    LANGUAGES = "24", _("World Language and Literature")
    INTEGRATIVE = "25", _("Integrative Learning")


class ScedCourse(Code):
    """A course (NCES, School Courses for the Exchange of Data): subject area and course, ``02056``."""

    # A later edition may add an area: the choices give words, they are no limit.
    subject_area = models.CharField(_("subject area"), max_length=2, choices=SubjectArea)
    description = models.TextField(_("description"), blank=True)

    class Meta(Code.Meta):
        verbose_name = _("SCED course")
        verbose_name_plural = _("SCED courses")


class Level(models.TextChoices):
    """How fine a group of occupations is."""

    MAJOR = "major", _("Major group")
    MINOR = "minor", _("Minor group")
    BROAD = "broad", _("Broad occupation")
    DETAILED = "detailed", _("Detailed occupation")


class Occupation(Code):
    """An occupation or a group of them (BLS, SOC 2018): ``29-1141``."""

    level = models.CharField(_("level"), max_length=8, choices=Level)
    definition = models.TextField(_("definition"), blank=True)

    class Meta(Code.Meta):
        verbose_name = _("occupation")
        verbose_name_plural = _("occupations")


class OnetOccupation(Code):
    """An occupation as O*NET divides it: ``29-1141.01``. Its first seven characters are the SOC code."""

    soc_code = models.CharField(_("SOC code"), max_length=7, db_index=True)

    class Meta(Code.Meta):
        verbose_name = _("O*NET occupation")
        verbose_name_plural = _("O*NET occupations")


class CipOccupation(models.Model):
    """That a program leads to an occupation (CIP–SOC crosswalk).

    Crosswalks know occupations that the SOC list does not have (the statistics' own groups), so the title is kept.
    """

    cip_code = models.CharField(_("CIP code"), max_length=7)
    soc_code = models.CharField(_("SOC code"), max_length=7, db_index=True)
    occupation = models.CharField(_("occupation"), max_length=300)
    ended_in = models.CharField(_("ended in"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("occupation of a program")
        verbose_name_plural = _("occupations of programs")
        ordering = ["cip_code", "soc_code"]
        constraints = [models.UniqueConstraint(fields=["cip_code", "soc_code"], name="cip_occupation_once")]

    def __str__(self) -> str:
        return f"{self.cip_code} {self.soc_code}"


class ApExam(Code):
    """An Advanced Placement exam by the College Board's two-digit code: ``07``."""

    subject = models.CharField(_("subject"), max_length=60, blank=True)

    class Meta(Code.Meta):
        verbose_name = _("AP exam")
        verbose_name_plural = _("AP exams")


class IbGroup(Code):
    """A group of subjects of the International Baccalaureate's diploma program."""

    subject = models.CharField(_("subject"), max_length=60, blank=True)

    class Meta(Code.Meta):
        verbose_name = _("IB subject group")
        verbose_name_plural = _("IB subject groups")


class Descriptor(Code):
    """A value of an Ed-Fi list. The code is its address: ``uri://ed-fi.org/TermDescriptor#Semester``."""

    code = models.CharField(_("address"), max_length=200, primary_key=True)
    namespace = models.CharField(_("namespace"), max_length=120, db_index=True)
    code_value = models.CharField(_("code value"), max_length=80)
    description = models.TextField(_("description"), blank=True)

    class Meta(Code.Meta):
        verbose_name = _("Ed-Fi descriptor")
        verbose_name_plural = _("Ed-Fi descriptors")


class CodeListLoad(models.Model):
    """What stands in the database of a list: which edition, from where, under which licence, since when."""

    list = models.CharField(_("list"), max_length=20, primary_key=True)
    edition = models.CharField(_("edition"), max_length=40)
    source = models.CharField(_("source"), max_length=200)
    licence = models.CharField(_("license"), max_length=120)
    # To be shown where the list's words are shown; blank where nobody asks for it.
    credit = models.CharField(_("credit"), max_length=400, blank=True)
    file = models.CharField(_("file"), max_length=200)
    shipped = models.BooleanField(_("comes with the product"))
    sha256 = models.CharField(max_length=64)
    codes = models.IntegerField(_("codes"))
    loaded_at = models.DateTimeField(_("loaded"))

    class Meta:
        verbose_name = _("load of a code list")
        verbose_name_plural = _("loads of code lists")
        ordering = ["list"]

    def __str__(self) -> str:
        return f"{self.list} {self.edition}"
