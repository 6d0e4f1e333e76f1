# refuted by: At the return all have ended
"""It waits until the results are there, which is before the threads have ended."""

from threading import Event, Thread


def run_all(tasks):
    results, errors, done = {}, {}, [Event() for _ in tasks]

    def run(number):
        try:
            results[number] = tasks[number]()
        except Exception as error:
            errors[number] = error
        done[number].set()

    for number in range(len(tasks)):
        Thread(target=run, args=[number]).start()
    for event in done:
        event.wait()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(tasks))]
