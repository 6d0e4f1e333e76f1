"""The threads hand their results over through a queue."""

from queue import SimpleQueue
from threading import Thread


def run_all(tasks):
    outcomes = SimpleQueue()

    def run(number, task):
        try:
            outcomes.put((number, task(), None))
        except BaseException as error:
            outcomes.put((number, None, error))

    threads = [Thread(target=run, args=each) for each in enumerate(tasks)]
    for thread in threads:
        thread.start()
    told = sorted((outcomes.get() for _ in threads), key=lambda outcome: outcome[0])
    for thread in threads:
        thread.join()
    for _, _, error in told:
        if error is not None:
            raise error
    return [result for _, result, _ in told]
