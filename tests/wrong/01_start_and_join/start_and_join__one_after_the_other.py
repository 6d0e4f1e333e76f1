# refuted by: Tasks that wait for each other finish
"""No thread at all."""


def run_all(tasks):
    results, errors = [], []
    for task in tasks:
        try:
            results.append(task())
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return results
