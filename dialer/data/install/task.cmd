@rem dialer runs on Linux: on Windows inside WSL, where it is set up as the README says. Keep the ledger there, not
@rem under /mnt/c. The task runs while you are logged on, and does not make up for a time at which the machine was off.
schtasks /Create /TN dialer /SC WEEKLY /D MON,TUE,WED,THU,FRI /ST @AT@ /TR "wsl.exe -- @COMMAND@"
