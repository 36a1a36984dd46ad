"""Set-up and start of Hamyar on one machine; standard library only, because it runs before anything is installed."""
