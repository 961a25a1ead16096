"""Run a command of pd_ml, kill it without warning at random moments, and run it again, until that often is reached.

A program of its own: the libraries are imported once, and each attempt is a fork. Arguments: kills, seed and the
command. An attempt is killed some milliseconds after one of its first checkpoints, or before the first; counted so, and
not in seconds, a slow machine sees the same. Prints how many attempts were killed and the exit code of the last.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence

os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})

import pd_ml.training.stages
from pd_ml.command_line import main

MOST_CHECKPOINTS = 5
LONGEST_DELAY_S = 0.08


def attempt(command: Sequence[str], checkpoints: int | None, delay_s: float) -> int:
    """The exit code of one attempt; minus the signal's number where it was killed (None: it is not)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        os._exit(main(command))
    os.close(writing)
    with os.fdopen(reading) as events:
        for line in events:
            sys.stdout.write(line)
            checkpoints = checkpoints - 1 if checkpoints and '"event": "checkpoint"' in line else checkpoints
            if checkpoints == 0:
                time.sleep(delay_s)
                os.kill(child, signal.SIGKILL)
                break
        # What is left was written before the kill.
        sys.stdout.writelines(events)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def run(kills: int, seed: int, command: Sequence[str]) -> str:
    """Kill `kills` attempts, then let one end."""
    rng = random.Random(seed)
    moments = [(rng.randint(0, MOST_CHECKPOINTS), rng.uniform(0.0, LONGEST_DELAY_S)) for _ in range(kills)]
    codes = [attempt(command, checkpoints, delay_s) for checkpoints, delay_s in moments]
    return f"{codes.count(-signal.SIGKILL)} {attempt(command, None, 0.0)}"


if __name__ == "__main__":
    assert pd_ml.training.stages.TRAINERS
    sys.stderr.write(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]) + "\n")
