# refuted by: At the return all have ended
"""The caller runs the last task itself."""

from threading import Thread


def run_all(tasks):
    results, errors = [None] * len(tasks), {}

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception as error:
            errors[number] = error

    threads = [Thread(target=run, args=[number]) for number in range(len(tasks) - 1)]
    for thread in threads:
        thread.start()
    if tasks:
        run(len(tasks) - 1)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return results
