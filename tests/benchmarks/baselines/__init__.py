"""The programs to beat, each as somebody would write it in an hour: no ledger, no check, no second run."""
