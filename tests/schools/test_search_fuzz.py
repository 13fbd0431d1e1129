"""Whatever somebody types into the search, it is answered."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schools.models import Organization
from tests import factories

ANYTHING = st.text(max_size=60) | st.text(alphabet="'\"\\&|!():*<-> ab%_\x7f", max_size=30)
FIXTURES_STAY = [HealthCheck.function_scoped_fixture]


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES_STAY)
@given(text=ANYTHING)
def test_any_text_is_searched_without_an_error(text: str) -> None:
    list(Organization.objects.search(text.replace("\0", ""))[:1])


@pytest.mark.long
@pytest.mark.django_db
@settings(max_examples=5000, deadline=None, suppress_health_check=FIXTURES_STAY)
@given(text=ANYTHING)
def test_any_text_at_length(text: str) -> None:
    list(Organization.objects.search(text)[:1])


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=FIXTURES_STAY)
@given(words=st.lists(st.text(alphabet="abcdefghij", min_size=1, max_size=8), min_size=1, max_size=4))
def test_an_organization_is_found_by_the_beginnings_of_its_words(words: list[str]) -> None:
    added = factories.organization("district", factories.organization("state", factories.region()), " ".join(words))
    query = " ".join(word[: max(1, len(word) - 1)] for word in words)
    assert added in Organization.objects.search(query)
