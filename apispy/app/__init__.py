"""The application layer beneath the command line: proxy and replay sessions, recordings, captures shown. No click."""
