"""The work behind the commands, without a command line: sessions of the proxy, replays, recordings, captures shown."""
