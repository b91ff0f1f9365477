"""The socket proxies and policies that rules are written for, by name."""

from apispy.learn.permissions.targets.apispy_policy import APISPY
from apispy.learn.permissions.targets.base import Decision, Grant, Policy, Target
from apispy.learn.permissions.targets.cetusguard import CETUSGUARD
from apispy.learn.permissions.targets.haproxy import LINUXSERVER, TECNATIVA
from apispy.learn.permissions.targets.opa import OPA
from apispy.learn.permissions.targets.sockguard import SOCKGUARD
from apispy.learn.permissions.targets.wollomatic import WOLLOMATIC

TARGETS: dict[str, Target] = {
    target.name: target for target in (TECNATIVA, LINUXSERVER, WOLLOMATIC, CETUSGUARD, SOCKGUARD, OPA, APISPY)
}

__all__ = ["TARGETS", "Decision", "Grant", "Policy", "Target"]
