"""A program for regopy (Microsoft's rego-cpp): it evaluates a policy for Docker's authorization plugin.

    python rego_decisions.py POLICY <INPUTS >DECISIONS

INPUTS is a JSON list of inputs, DECISIONS the list of the values of data.docker.authz.allow.
"""

import json
import sys

from regopy import Interpreter

with open(sys.argv[1]) as file:
    rego = Interpreter()
    rego.add_module("policy", file.read())
decisions = []
for one in json.load(sys.stdin):
    rego.set_input(one)
    answer = rego.query(
        "allow := data.docker.authz.allow"
    )  # a query that is false alone would have no result
    decisions.append(json.loads(str(answer))["bindings"]["allow"])
print(json.dumps(decisions))
