"""What all parts of the laboratory use."""

import os
import shlex
import time

PAUSE = 0.02  # seconds between two questions


class LabError(Exception):
    """Something in the laboratory isn't as it should be; the text is for a person."""


def poll(question, seconds=15, what=None):
    """Asks until the answer is true and returns it; LabError after `seconds`.

    `what` completes the sentence "after 15 s still not so: ...": a text, or a function that makes
    one out of the last answer.
    """
    until = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > until:
            break
        time.sleep(PAUSE)
    text = what(answer) if callable(what) else what or f"{question} (last answer: {answer!r})"
    raise LabError(f"after {seconds:g} s still not so: {text}")


def read_tail(path, lines=12):
    """The last lines of a log, indented; with a word instead where there are none."""
    try:
        with open(path, errors="replace") as log:
            tail = log.readlines()[-lines:]
    except OSError as error:
        return f"    ({path}: {error.strerror})"
    return f"  last lines of {path}:\n" + "".join(f"    {line.rstrip()}\n" for line in tail)


def replace_file(path, text, mode=0o644):
    """Writes a file so that a reader sees the old one or the new one, never half of it."""
    draft = f"{path}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with open(descriptor, "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    os.rename(draft, path)


def write_wrapper(path, words, comment):
    """Writes a program that is the command in `words`, with more arguments behind it."""
    command = " ".join(shlex.quote(str(word)) for word in words)
    replace_file(path, f'#!/bin/sh\n# {comment}\nexec {command} "$@"\n', 0o755)
