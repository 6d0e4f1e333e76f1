"""Small programs on an event loop: two or three tasks that share variables and all that asyncio has to wait with."""

from typing import Any

from hypothesis import strategies as st

_HEAD = '''import asyncio


class State:
    """What the tasks share."""


s = State()
s.x = s.y = 0
out = {"A": [], "B": [], "C": [], "M": [], "K": []}


def callback(k):
    s.x += k
    out["K"].append(s.y)


async def child(k):
    s.y = s.x
    await asyncio.sleep(0)
    out["K"].append(k)


def name(result):
    return result if isinstance(result, str) else type(result).__name__


async def names(waiting):
    done, pending = await waiting
    out["M"] += [sorted(n for n, t in s.tasks.items() if t in done)]


async def each(coming):
    for t in coming:
        try:
            out["M"].append(await t)
        except (ValueError, asyncio.CancelledError) as e:
            out["M"].append(name(e))


'''

_SIMPLE = (
    "s.x = {k}",
    "s.x += 1",
    "v = s.x",
    "s.x = v + 1",
    "s.y = s.x",
    "out['{me}'].append(s.x)",
    "out['{me}'].append(s.y)",
    "await asyncio.sleep(0)",
    "await asyncio.sleep(0)",
    "await asyncio.sleep(0.{k})",
    "s.event.set()",
    "s.event.clear()",
    "await s.event.wait()",
    "s.tasks['{other}'].cancel()",
    "out['{me}'].append(s.tasks['{other}'].done())",
    "s.future.done() or s.future.set_result({k})",
    "s.future.set_result({k})",
    "out['{me}'].append(await s.future)",
    "out['{me}'].append(await asyncio.shield(s.future))",
    "s.queue.put_nowait({k})",
    "out['{me}'].append(await s.queue.get())",
    "await s.queue.put({k})",
    "asyncio.get_running_loop().call_soon(out['{me}'].append, {k})",
    "asyncio.get_running_loop().call_soon(callback, {k})",
    "asyncio.get_running_loop().call_later(0.{k}, callback, {k})",
    "s.future.add_done_callback(lambda _: callback({k}))",
    "await asyncio.wait_for(s.event.wait(), 0.{k})",
    "out['{me}'].append(len(asyncio.all_tasks()))",
    "await s.lock.acquire()",
    "s.lock.release()",
    "out['{me}'].append(s.lock.locked())",
    "await s.tasks['{other}']",
    "asyncio.create_task(child({k}))",
    "await asyncio.create_task(child({k}))",
    "raise ValueError({k})",
    "await s.barrier.wait()",
)
_BLOCKS = (
    "async with s.lock:",
    "async with s.lock:",
    "async with s.semaphore:",
    "async with asyncio.timeout(0.{k}):",
    "try:|finally: s.y += 1",
    "try:|except asyncio.CancelledError: out['{me}'].append('cancelled')",
    "try:|except ValueError: out['{me}'].append('value')",
    "async with s.condition:|    s.condition.notify()",
    "async with s.condition:|    await s.condition.wait()",
    "async with asyncio.TaskGroup() as group:|    group.create_task(child({k}))",
    "for _ in range(2):",
)
_ENDS = (
    "out['M'] += map(name, await asyncio.gather(*s.tasks.values(), return_exceptions=True))",
    "out['M'].append(await asyncio.gather(*s.tasks.values()))",
    "await names(asyncio.wait(s.tasks.values(), return_when=asyncio.FIRST_COMPLETED))",
    "await asyncio.wait(s.tasks.values(), timeout=0.2)",
    "await s.tasks['A']",
    "await asyncio.wait_for(s.tasks['B'], 0.2)",
    "await each(asyncio.as_completed(s.tasks.values()))",
    "await asyncio.sleep(0)",
)


@st.composite
def programs(draw: Any) -> str:
    """The text of a program."""
    names = "ABC"[: draw(st.sampled_from((2, 2, 2, 3)))]
    most = 3 if len(names) == 2 else 2
    lines = [_HEAD]
    lines += ["def callback(k):", "    s.x += k", "    out['K'].append(s.y)", ""]
    lines += [
        "async def child(k):",
        "    s.y = s.x",
        "    await asyncio.sleep(0)",
        "    out['K'].append(k)",
        "",
    ]
    for name in names:
        lines.append(f"async def {name}():")
        lines.append("    v = 0")
        lines += _statements(draw, name, names, most, 1)
        lines += [f"    return {name!r}", ""]
    lines += [
        "async def scenario():",
        "    s.lock, s.event, s.semaphore = asyncio.Lock(), asyncio.Event(), asyncio.Semaphore(1)",
        "    s.condition, s.queue, s.barrier = asyncio.Condition(), asyncio.Queue(1), asyncio.Barrier(2)",
        "    s.future, s.tasks = asyncio.get_running_loop().create_future(), {}",
        "    v = 0",
    ]
    lines += [f"    s.tasks[{name!r}] = asyncio.create_task({name}())" for name in names]
    lines += _statements(draw, "M", names, 1, 1)
    lines.append(f"    {draw(st.sampled_from(_ENDS))}")
    lines.append("    out['M'].append(s.x)")
    return "\n".join(lines) + "\n"


def _statements(draw: Any, me: str, names: str, most: int, depth: int) -> list[str]:
    margin = "    " * depth
    lines = []
    for _ in range(draw(st.integers(1, most))):
        given = {
            "me": me,
            "k": draw(st.integers(1, 2)),
            "other": draw(st.sampled_from([name for name in names if name != me])),
        }
        if depth < 3 and draw(st.integers(0, 3)) == 0:
            head, *more = draw(st.sampled_from(_BLOCKS)).format(**given).split("|")
            lines.append(margin + head)
            inner = [each for each in more if each.startswith("    ")]
            lines += [margin + each for each in inner]
            lines += _statements(draw, me, names, 2 if depth == 1 else 1, depth + 1)
            lines += [margin + each for each in more if each not in inner]
        else:
            lines.append(margin + draw(st.sampled_from(_SIMPLE)).format(**given))
    return lines
