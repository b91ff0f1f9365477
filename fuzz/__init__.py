"""Coverage-guided fuzzing of what reads hostile bytes. README.md says what is held to be true."""
