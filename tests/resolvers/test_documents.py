"""Generated documents are answered alike by the compiled execution and by graphql-core, field by field."""

from __future__ import annotations

from hypothesis import given, note
from hypothesis import strategies as st

from tests.resolvers.documents import documents
from tests.resolvers.session import Session
from tests.resolvers.test_filters import drawn


@drawn(150)
@given(data=st.data())
def test_documents_with_filters_and_orders(session: Session, data: st.DataObject) -> None:
    written = data.draw(documents(session.world, session.questions))
    note(written.text)
    session.compare(written.text, **written.variables)


@drawn(150)
@given(data=st.data())
def test_documents_with_cursors(session: Session, data: st.DataObject) -> None:
    written = data.draw(documents(session.world, session.questions, filtered=False))
    note(written.text)
    session.compare(written.text, **written.variables)
