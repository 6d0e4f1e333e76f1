# refuted by: Tasks that wait for each other finish
"""Each thread is waited for before the next is started."""

from threading import Thread


def run_all(tasks):
    results, errors = {}, {}

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception as error:
            errors[number] = error

    for number in range(len(tasks)):
        thread = Thread(target=run, args=[number])
        thread.start()
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(tasks))]
