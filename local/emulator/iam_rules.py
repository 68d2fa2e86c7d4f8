"""IAM's quota for the policies of a role, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

import re

from ministack.services import iam

from request_errors import RequestError
from upstream_checks import require

# All inline policies of a role together, without their white space.
MAX_INLINE = 10_240
MAX_TRUST = 2_048
_SPACE = re.compile(r"\s+")


def apply():
    """The rule for inline policies reads the role's others."""
    require(iam, "_roles")


def _inline(request):
    name = request["RoleName"]
    role = iam._roles.get(name) or {}
    policies = {**role.get("InlinePolicies", {}), request["PolicyName"]: request["PolicyDocument"]}
    if sum(map(_size, policies.values())) > MAX_INLINE:
        message = f"Maximum policy size of {MAX_INLINE} bytes exceeded for role {name}"
        raise RequestError("LimitExceeded", message, 409)


def _trust(member):
    def rule(request):
        if _size(request[member]) > MAX_TRUST:
            raise RequestError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {MAX_TRUST}", 409)

    return rule


def _size(document):
    return len(_SPACE.sub("", document))


RULES = {
    ("iam", "PutRolePolicy"): _inline,
    ("iam", "CreateRole"): _trust("AssumeRolePolicyDocument"),
    ("iam", "UpdateAssumeRolePolicy"): _trust("PolicyDocument"),
}
