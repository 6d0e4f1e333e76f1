# refuted by: Each task once, results in their order
"""All threads look up the loop's variable, which has gone on by then."""

from threading import Thread


def run_all(tasks):
    results = [None] * len(tasks)
    threads = []
    for number, task in enumerate(tasks):

        def run():
            results[number] = task()

        threads.append(Thread(target=run))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return results
