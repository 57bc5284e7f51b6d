"""`python measured.py REPORT SECONDS COMMAND...`: what a command costs, with all the processes that it waits for.

In a process of its own, since the peak memory of a process includes what its parent had when it was started: this one
is small. Imports nothing but the standard library.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Runs the command, at most so long, and writes its figures.

    `exit`: its exit code, null where it was stopped at the end of the time; `peak_mib`: of its largest process.
    """
    report, seconds, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    began = time.monotonic()
    child = subprocess.Popen(command, start_new_session=True)
    stopped = False
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if not stopped and time.monotonic() - began > seconds:
            stopped = True
            os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0.02)
    figures = {
        "exit": None if stopped else os.waitstatus_to_exitcode(status),
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": round(used.ru_maxrss / 1024, 1),
    }
    report.write_text(json.dumps(figures), encoding="utf-8")


main()
