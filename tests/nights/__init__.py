"""Thirty nights of a feed on a clock that jumps, judged by a table that was written without the program."""
