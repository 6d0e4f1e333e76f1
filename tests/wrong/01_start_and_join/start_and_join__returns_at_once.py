# refuted by: Each task once, results in their order
"""Nobody waits for the threads."""

from threading import Thread


def run_all(tasks):
    results = [None] * len(tasks)

    def run(number):
        results[number] = tasks[number]()

    for number in range(len(tasks)):
        Thread(target=run, args=[number]).start()
    return results
