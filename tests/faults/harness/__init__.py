"""The crash harness: kill -9 before each system call that matters, and what must be true then."""
