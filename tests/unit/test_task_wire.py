"""Tasks on their way to a child: whole, and the table of topics only when it is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from config.data import TOPIC_FILES, read_data
from inbox_worker.reading.child import MailTask, ReadTask
from inbox_worker.reading.task_wire import TaskReceiver, TaskSender
from parsers.classification.classify import ClassificationContext
from parsers.classification.topic_table import parse_topic_table

FILES = TOPICS, WEIGHTS, PAPERS = tuple(map(read_data, TOPIC_FILES))
TABLE = parse_topic_table(*FILES)
MAIL = MailTask(
    raw=b"Subject: x\r\n\r\n",
    context=ClassificationContext(own_addresses=frozenset(), topics=TABLE),
    today=date(2026, 5, 4),
)
WITHOUT = replace(MAIL, context=ClassificationContext(own_addresses=frozenset()))
DOCUMENT = ReadTask(data=b"%PDF", today=MAIL.today, password=None, attachments_beside_form=None)


def test_every_task_arrives_as_it_was_and_the_table_goes_once() -> None:
    sender, receiver = TaskSender(), TaskReceiver()
    sizes = []
    for task in (MAIL, MAIL, DOCUMENT, WITHOUT, replace(MAIL, raw=b"another")):
        payload = sender.pack(task)
        sizes.append(len(payload))
        assert receiver.unpack(payload) == task
    assert sizes[0] > sum(map(len, FILES))
    assert max(sizes[1:]) < 1_000


def test_another_table_is_sent_anew() -> None:
    sender, receiver = TaskSender(), TaskReceiver()
    other = parse_topic_table(TOPICS.replace(b"bar = ", b"bar = 1"), WEIGHTS, PAPERS)
    contexts = [replace(MAIL.context, topics=table) for table in (TABLE, other, other, TABLE)]
    for context in contexts:
        task = replace(MAIL, context=context)
        received = receiver.unpack(sender.pack(task))
        assert isinstance(received, MailTask)
        assert received.context.topics is context.topics


def test_a_child_that_was_just_started_is_sent_it_again() -> None:
    assert len(TaskSender().pack(MAIL)) == len(TaskSender().pack(MAIL))
