"""The same write under the same key arrives twice at the same moment."""

from threading import Thread

from django.db import connections

from keepfold.kernel import idempotency
from keepfold.vault import actions as vault

ANN = {"email": "ann@example.org", "first_name": "Ann"}


def test_a_repetition_that_overtakes_its_first_is_answered_alike_and_done_once(installation):
    given = []

    def send(before=lambda: None):
        def act():
            before()
            return vault.seal(actor=installation.operator, values=ANN)

        answer = idempotency.once(
            actor=installation.operator.id,
            key="the same",
            request=idempotency.request_hash(b"the same"),
            act=act,
            render=lambda sealed: (201, sealed.id),
        )
        given.append(answer)

    def overtake():
        def whole():
            try:
                send()
            finally:
                connections.close_all()

        thread = Thread(target=whole)
        thread.start()
        thread.join()

    send(before=overtake)
    assert [answer.status for answer in given] == [201, 201]
    assert given[0].body == given[1].body
    assert [answer.replayed for answer in given] == [False, True]
