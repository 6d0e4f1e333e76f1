# refuted by: The first exception, at the end
"""It raises the exception that came first, not that of the first task."""

from threading import Thread


def run_all(tasks):
    results, errors = [None] * len(tasks), []

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=run, args=[number]) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
