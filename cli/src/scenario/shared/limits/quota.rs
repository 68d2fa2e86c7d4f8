//! Quotas of an account, as Service Quotas knows them.

use aws_sdk_servicequotas::Client;

use super::{ask, unread};

/// What an account may use in a region, which AWS can be asked to raise.
#[derive(Debug)]
pub struct Quota {
    service: &'static str,
    /// The same in all regions.
    pub(super) code: &'static str,
    name: &'static str,
    /// The default in AWS's documentation.
    default: f64,
    /// The default in some regions.
    in_regions: (&'static [&'static str], f64),
}

/// Invocations at once ("Lambda quotas"). `GetAccountSettings` says what is left of it for functions that reserve nothing.
pub const CONCURRENCY: Quota = Quota {
    service: "lambda",
    code: "L-B99A9384",
    name: "Concurrent executions",
    default: 1000.0,
    in_regions: (&[], 0.0),
};

/// Requests per second to all APIs ("Amazon API Gateway quotas").
pub const THROTTLE_RATE: Quota = Quota {
    service: "apigateway",
    code: "L-8A5B8E43",
    name: "Throttle rate",
    default: 10_000.0,
    in_regions: (SMALL_API_REGIONS, 2500.0),
};

/// Requests in a burst, from the same page: the size of the bucket whose tokens requests take.
pub const THROTTLE_BURST: Quota = Quota {
    service: "apigateway",
    code: "L-CDF5615A",
    name: "Throttle burst rate",
    default: 5000.0,
    in_regions: (SMALL_API_REGIONS, 1250.0),
};

/// State transitions per second of standard workflows ("Step Functions service quotas"): the rate at which a bucket of as many tokens
/// is refilled.
pub const STATE_TRANSITIONS: Quota = Quota {
    service: "states",
    code: "L-AD9B4E93",
    name: "StateTransition throttle token refill rate per second",
    default: 800.0,
    in_regions: (&["us-east-1", "us-west-2", "eu-west-1"], 5000.0),
};

/// Regions where API Gateway allows less, from its page.
const SMALL_API_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "mx-central-1",
];

impl Quota {
    /// What AWS's documentation says for a region.
    pub(super) fn documented(&self, region: &str) -> f64 {
        let (regions, value) = self.in_regions;
        if regions.contains(&region) { value } else { self.default }
    }

    /// How to have more.
    pub fn raise(&self) -> String {
        format!("ask for a higher quota \"{}\" (Service Quotas, {})", self.name, self.code)
    }

    /// What Service Quotas says of the account.
    pub(super) async fn read(&self, client: &Client) -> Result<f64, String> {
        let request = client.get_service_quota().service_code(self.service).quota_code(self.code);
        let answer = ask("service-quotas", request.send()).await?;
        let value = answer.quota.and_then(|quota| quota.value);
        value.ok_or_else(|| unread("service-quotas", &format!("{} has no value", self.code)))
    }
}

#[cfg(test)]
mod tests {
    use protocol::stats::whole;

    use super::*;

    #[test]
    fn in_some_regions_less_or_more_is_allowed_than_in_most() {
        let of = |quota: &Quota, regions: [&str; 2]| regions.map(|region| whole(quota.documented(region)));
        assert_eq!(of(&THROTTLE_RATE, ["us-east-1", "eu-south-2"]), [10_000, 2500]);
        assert_eq!(of(&THROTTLE_BURST, ["eu-west-1", "ca-west-1"]), [5000, 1250]);
        assert_eq!(of(&STATE_TRANSITIONS, ["us-west-2", "eu-central-1"]), [5000, 800]);
        assert_eq!(of(&CONCURRENCY, ["us-east-1", "eu-south-2"]), [1000, 1000]);
    }
}
