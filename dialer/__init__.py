"""Calls every lead on a spreadsheet once through the VozAgent API, and hands the sheet back."""

__version__ = "0.1.0"
