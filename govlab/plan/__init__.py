"""A bundle made ready to run: per policy an ordered list of guards, and how outcomes combine.

Policy combination lives here, once (S4, S6, S10); every engine calls it. `compile_plan` makes a
plan of a bundle, `combine` a decision of the policies' outcomes, `admit` says whether the action
may go now.
"""

from govlab.plan.admit import Admission, Approval, Vote, action_sha256, admit
from govlab.plan.combine import Combined, combine, conclude, refuse
from govlab.plan.compile import compile_plan
from govlab.plan.decision import Decision, Remedy, Requirement
from govlab.plan.model import Plan, PolicyPlan, RulePlan, Scope

__all__ = [
    "Admission",
    "Approval",
    "Combined",
    "Decision",
    "Plan",
    "PolicyPlan",
    "Remedy",
    "Requirement",
    "RulePlan",
    "Scope",
    "Vote",
    "action_sha256",
    "admit",
    "combine",
    "compile_plan",
    "conclude",
    "refuse",
]
