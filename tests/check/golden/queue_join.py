"""A worker that does not say when it is done."""

from queue import Queue
from threading import Thread


def scenario():
    tasks = Queue()

    def work():
        tasks.get()

    worker = Thread(target=work, name="worker")
    worker.start()
    tasks.put("task")
    tasks.join()
