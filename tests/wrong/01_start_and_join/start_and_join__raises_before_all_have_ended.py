# refuted by: The first exception, at the end
"""It looks at the errors after each join, and leaves the other threads alone."""

from threading import Thread


def run_all(tasks):
    results, errors = [None] * len(tasks), {}

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception as error:
            errors[number] = error

    threads = [Thread(target=run, args=[number]) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for number, thread in enumerate(threads):
        thread.join()
        if number in errors:
            raise errors[number]
    return results
