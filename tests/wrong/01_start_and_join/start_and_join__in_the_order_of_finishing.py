# refuted by: Each task once, results in their order
"""Results are appended as they come."""

from threading import Thread


def run_all(tasks):
    results = []
    threads = [Thread(target=lambda task=task: results.append(task())) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
