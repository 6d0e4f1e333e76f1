# refuted by: The first exception, at the end
"""What a task raises is caught, and forgotten."""

from threading import Thread


def run_all(tasks):
    results = [None] * len(tasks)

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception:
            pass

    threads = [Thread(target=run, args=[number]) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
