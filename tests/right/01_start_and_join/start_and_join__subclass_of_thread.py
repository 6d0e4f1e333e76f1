"""A thread that keeps what became of its task."""

from threading import Thread


class Cook(Thread):
    def __init__(self, task):
        super().__init__()
        self.task = task
        self.result = None
        self.error = None

    def run(self):
        try:
            self.result = self.task()
        except BaseException as error:
            self.error = error


def run_all(tasks):
    cooks = [Cook(task) for task in tasks]
    for cook in cooks:
        cook.start()
    for cook in cooks:
        cook.join()
    for cook in cooks:
        if cook.error is not None:
            raise cook.error
    return [cook.result for cook in cooks]
