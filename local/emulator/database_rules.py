"""RDS's rule for identifiers, which its model lacks."""

import re

from request_errors import RequestError

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html, API_CreateDBInstance.html and
# API_CreateDBClusterParameterGroup.html
_IDENTIFIER = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*")
_MEMBERS = {
    "CreateDBCluster": ("DBClusterIdentifier", 63),
    "CreateDBInstance": ("DBInstanceIdentifier", 63),
    "CreateDBClusterParameterGroup": ("DBClusterParameterGroupName", 255),
}


def _identifier(name, longest):
    def rule(request):
        if len(request[name]) > longest or not _IDENTIFIER.fullmatch(request[name]):
            rules = "Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must"
            message = f"{rules} not end with a hyphen or contain two consecutive hyphens."
            raise RequestError("InvalidParameterValue", f"The parameter {name} is not a valid identifier. {message}")

    return rule


RULES = {("rds", operation): _identifier(*member) for operation, member in _MEMBERS.items()}
