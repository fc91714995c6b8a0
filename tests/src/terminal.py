# Runs a command on a terminal of its own and answers its questions. Arguments: JSON [[prompt, answer, is_secret], …] and
# the command. What was on the screen goes to standard output; the exit code is the command's, 128 + n for signal n, 99
# where a question did not come.
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

WITHIN_S = 60
steps, command = json.loads(sys.argv[1]), sys.argv[2:]
child, screen = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
seen, at = b"", 0


def more():
    global seen
    if not select.select([screen], [], [], WITHIN_S)[0]:
        return False
    try:
        read = os.read(screen, 65536)
    except OSError:  # the other end is closed
        return False
    seen += read
    return bool(read)


def echoes():
    return termios.tcgetattr(screen)[3] & termios.ECHO


failed = False
for prompt, answer, is_secret in steps:
    while (found := seen.find(prompt.encode(), at)) < 0:
        if not more():
            failed = True
            break
    if failed:
        sys.stderr.write(f"never asked: {prompt}\n")
        os.kill(child, 9)
        break
    at = found + len(prompt.encode())
    until = time.monotonic() + WITHIN_S
    while is_secret and echoes() and time.monotonic() < until:
        time.sleep(0.005)
    os.write(screen, answer.encode())
while more():
    pass
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.stdout.buffer.write(seen)
sys.exit(99 if failed else code if code >= 0 else 128 - code)
