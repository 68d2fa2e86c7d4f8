//! Warnings that several scenarios give.

use protocol::deployment::Deployment;

/// Too few values for the highest percentiles.
pub fn few(least: u64, values: &str, advice: &str) -> String {
    format!("fewer than {least} {values}, so the highest percentiles are just the slowest ones: {advice}")
}

/// What a local run's figures are good for: comparing some things with each other; none on AWS.
pub fn local(deployment: &Deployment, caveats: &str, comparable: &str) -> Option<String> {
    (!deployment.is_on_aws()).then(|| format!("local: {caveats}: compare {comparable} with each other"))
}

/// Where dead letters are, and how to read them.
pub fn in_dead_letter_queue(what: &str, url: &str) -> String {
    format!(
        "{what} in the dead-letter queue: aws sqs receive-message --message-attribute-names All --queue-url {url}"
    )
}
