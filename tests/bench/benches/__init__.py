"""The benchmarks, one a module: STANDARD, its Size, and bench(size), which prints figures."""
