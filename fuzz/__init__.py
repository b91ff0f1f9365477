"""Coverage-guided fuzzing of the code that parses untrusted bytes. README.md lists the properties that it checks."""
