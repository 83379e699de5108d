"""Measures dialer beside named programs that do the same job: `python -m tests.benchmarks` (`--quick`).

Everything is measured in the same run, as whole processes in alternating order, against a server on
loopback that is not the bottleneck. Its figures are for people: no test of the suite judges a time.
"""
