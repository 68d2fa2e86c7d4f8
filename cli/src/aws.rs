//! AWS clients for a stack's place, and what to say when AWS refuses.

use std::error::Error;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use lambda_kit::error_chain;

use protocol::deployment::Deployment;

use crate::proxy;

/// The configuration for a place; credentials come from where the AWS CLI takes them.
pub async fn config(deployment: &Deployment) -> SdkConfig {
    let loader =
        aws_config::defaults(BehaviorVersion::latest()).region(Region::new(deployment.region.clone()));
    match &deployment.endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint).load().await,
        None => loader.load().await,
    }
}

/// Turns a failed call into an error that names the call, the place, and what to do.
pub fn failed<'a>(
    call: &'a str,
    deployment: &'a Deployment,
) -> impl Fn(&(dyn Error + 'static)) -> anyhow::Error + 'a {
    move |error| {
        let said = error_chain(error);
        match advice(&said, deployment, &|name| std::env::var(name).ok()) {
            Some(advice) => anyhow::anyhow!("{call} failed: {said}\n{advice}"),
            None => anyhow::anyhow!("{call} failed: {said}"),
        }
    }
}

fn advice(said: &str, deployment: &Deployment, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(endpoint) = &deployment.endpoint
        && let Some(name) = proxy::in_the_way(endpoint, variable)
    {
        return Some(format!(
            "this shell's {name} sends requests for {endpoint}, which is on this machine, to a proxy: \
             exclude it with: eval \"$(lambench local env)\""
        ));
    }
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    // Before all else: credentials that cannot be loaded are a dispatch failure, too, as far as the SDK is concerned.
    if has(&["loading credentials", "credentials provider", "credential provider", "no providers in chain"]) {
        return Some(if said.contains("expired") {
            "the AWS credentials have expired: sign in again with the AWS CLI (aws login, aws sso login)"
                .to_owned()
        } else {
            "there are no AWS credentials: sign in with the AWS CLI (aws login), or: eval \"$(lambench local env)\""
                .to_owned()
        });
    }
    if has(&["dispatch failure", "Connect", "connection refused"]) {
        return Some(match &deployment.endpoint {
            Some(endpoint) => format!(
                "nothing answers at {endpoint}: start the local environment with: lambench local start"
            ),
            None => "AWS cannot be reached: check the network and the region".to_owned(),
        });
    }
    if has(&[
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "InvalidSignature",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "security token",
    ]) {
        return Some(match &deployment.endpoint {
            Some(_) => "the credentials were rejected: use the local environment's with: eval \"$(lambench local env)\"".to_owned(),
            None => "the credentials were rejected: sign in again (aws sts get-caller-identity shows who you are)".to_owned(),
        });
    }
    has(&["AccessDenied"])
        .then(|| "these credentials are not allowed to do this: use those that deployed the stack".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::deployment::Deployment;

    /// As the SDK says it where no provider has any, and the last one, the metadata of an instance, is out of reach.
    const NO_CREDENTIALS: &str = "dispatch failure: other: an error occurred while loading credentials: the credential provider \
                                  was not enabled: no providers in chain provided credentials";
    /// As it says it after the end of a session of `aws login`.
    const EXPIRED: &str = "dispatch failure: other: the credentials provider was not properly configured: cached Login token is \
                           expired";

    fn deployment(endpoint: Option<&str>) -> Deployment {
        Deployment {
            stack: "dev".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: endpoint.map(ToOwned::to_owned),
            architecture: "arm64".to_owned(),
            settings: serde_json::Map::new(),
            setting_ranges: std::collections::BTreeMap::new(),
            memory_per_vcpu: 1769,
            run_locks: "locks".to_owned(),
            log_groups: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn each_common_failure_comes_with_what_to_do() {
        let (local, aws) = (deployment(Some("http://127.0.0.1:1")), deployment(None));
        for (said, deployment, expected) in [
            ("dispatch failure: io error", &local, "lambench local start"),
            ("dispatch failure: io error", &aws, "check the network"),
            ("InvalidClientTokenId: The security token is invalid", &local, "lambench local env"),
            ("ExpiredTokenException", &aws, "sign in again"),
            (NO_CREDENTIALS, &aws, "there are no AWS credentials"),
            (EXPIRED, &aws, "have expired: sign in again"),
            ("AccessDeniedException", &aws, "use those that deployed the stack"),
        ] {
            let advice = advice(said, deployment, &|_| None).unwrap_or_default();
            assert!(advice.contains(expected), "'{said}' is answered with '{advice}'");
        }
        assert_eq!(advice("ThrottlingException", &aws, &|_| None), None);
        let proxy = |name: &str| (name == "http_proxy").then(|| "http://proxy:3128".to_owned());
        for said in ["dispatch failure: io error", "unhandled error: 502 Bad Gateway"] {
            let advice = advice(said, &local, &proxy).unwrap_or_default();
            assert!(advice.contains("http_proxy") && !advice.contains("lambench local start"), "{advice}");
        }
        assert!(advice("dispatch failure", &aws, &proxy).unwrap().contains("check the network"));
    }
}
