//! Warnings that several scenarios give.

use protocol::deployment::Deployment;
use results::cost::Cost;
use results::prices::REGION;

use super::run::Run;
use super::tables::distinct;

/// Too few values for the highest percentiles.
pub fn few(least: u64, values: &str, advice: &str) -> String {
    format!("fewer than {least} {values}, so the highest percentiles are just the slowest ones: {advice}")
}

/// What a local run's figures are good for: comparing some things with each other; none on AWS.
pub fn local(deployment: &Deployment, caveats: &str, comparable: &str) -> Option<String> {
    (!deployment.is_on_aws()).then(|| format!("local: {caveats}: compare {comparable} with each other"))
}

/// Where dead letters are, and how to read them.
pub fn in_dead_letter_queue(deployment: &Deployment, what: &str, url: &str) -> String {
    let receive = deployment.aws("sqs receive-message");
    format!("{what} in the dead-letter queue: {receive} --message-attribute-names All --queue-url {url}")
}

/// Prices of another region than the stack's, where its own were not read.
pub fn prices<D: AsRef<Deployment>>(run: &Run<D>, costs: &[Cost]) -> Option<String> {
    let Deployment { region, .. } = run.deployment();
    if !run.deployment().is_on_aws() || region == REGION {
        return None;
    }
    let units = distinct(costs.iter().flat_map(|cost| &cost.lines).map(|line| &line.price.unit));
    let others: Vec<&str> =
        units.into_iter().map(String::as_str).filter(|unit| !run.prices.has(unit)).collect();
    (!others.is_empty()).then(|| {
        format!(
            "costs use the prices of {REGION}, as those of {region} were not found in AWS's price list: {}",
            others.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use results::cost::Usage;
    use results::prices::{LAMBDA_REQUEST, SQS_REQUEST};
    use serde_json::json;

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    #[test]
    fn prices_of_another_region_are_named() {
        let mut run = testing::run::<Deployed>("x", json!({ "settings": {} }));
        let mut usage = Usage::default();
        for price in [SQS_REQUEST, LAMBDA_REQUEST] {
            usage.add("requests", 1.0, run.prices.quote(price));
        }
        let costs = [usage.cost("a run", 1.0)];
        run.deployed.0.region = "eu-west-1".to_owned();
        assert_eq!(prices(&run, &costs), None, "a local stack is in no region");
        run.deployed.0.endpoint = None;
        run.prices.add(SQS_REQUEST, 0.000_000_5, "the price list".to_owned(), "2026-11-05".to_owned());
        let said = prices(&run, &costs).unwrap();
        assert!(said.contains("those of eu-west-1") && said.ends_with(": Lambda request"), "{said}");
        run.deployed.0.region = "us-east-1".to_owned();
        assert_eq!(prices(&run, &costs), None);
    }
}
