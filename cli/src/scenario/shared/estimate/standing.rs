//! What is paid by the hour while a stack stands, whether anything runs or not.

use protocol::deployment::Deployment;
use protocol::stats::real;
use results::cost::{QuotedPrice, Usage};
use results::price_list::PriceList;
use results::prices::{
    AURORA_ACU_HOUR, DASHBOARD_MONTH, ENDPOINT_HOUR, MONTH_HOURS, Price, S3_GB_MONTH, SECRET_MONTH,
};
use serde::Serialize;
use serde_json::Value;

use super::part::Part;
use super::range::Range;
use crate::scenario::shared::tables::{count, digits};

/// Something that stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// What it is, and how much of it.
    pub item: String,
    /// USD per hour, at least.
    pub low_usd_per_hour: f64,
    /// USD per hour, at most.
    pub high_usd_per_hour: f64,
    /// The list price.
    pub price: QuotedPrice,
}

/// Something of which so many units are paid each hour.
pub fn hourly(prices: &PriceList, item: impl Into<String>, units: f64, price: Price) -> Standing {
    between(prices, item, [units, units], price)
}

/// Something of which so many are paid each month, by the hour.
pub fn monthly(prices: &PriceList, item: impl Into<String>, units: f64, price: Price) -> Standing {
    hourly(prices, item, units / MONTH_HOURS, price)
}

fn between(prices: &PriceList, item: impl Into<String>, units: [f64; 2], price: Price) -> Standing {
    let price = prices.quote(price);
    let [low_usd_per_hour, high_usd_per_hour] = units.map(|units| units * price.usd);
    Standing { item: item.into(), low_usd_per_hour, high_usd_per_hour, price }
}

/// An Aurora cluster with its secret, the interface endpoints of its network, and the dashboard of a scenario that has one.
pub fn database(
    prices: &PriceList,
    deployment: &Deployment,
    instances: u64,
    endpoints: u64,
) -> Vec<Standing> {
    let acus = capacities(deployment);
    let [min, max] = acus.map(|acus| acus.to_string());
    let size = if min == max { min } else { format!("{min} to {max}") };
    let item = format!("Aurora: {} of {size} ACUs", count(instances, "instance"));
    vec![
        between(prices, item, acus.map(|acus| acus * real(instances)), AURORA_ACU_HOUR),
        hourly(prices, count(endpoints, "interface endpoint"), real(endpoints), ENDPOINT_HOUR),
        monthly(prices, "1 secret", 1.0, SECRET_MONTH),
        dashboard(prices),
    ]
}

/// Aurora's capacity above its minimum while a run goes on, which is paid for anyway; nothing where it doesn't scale. Half of it is
/// expected: how fast Aurora scales depends on the load.
pub fn scaling(prices: &PriceList, deployment: &Deployment, instances: u64, seconds: Range) -> Vec<Part> {
    let [min, max] = capacities(deployment);
    let acus = (max - min).max(0.0) * real(instances);
    if acus == 0.0 {
        return Vec::new();
    }
    let hours = Range::new(0.0, 0.5, 1.0).times(seconds).map(|seconds| acus * seconds / 3600.0);
    vec![Part::of("Aurora's capacity above its minimum", |bound| {
        let mut usage = Usage::default();
        usage.add("Aurora", hours.at(bound), prices.quote(AURORA_ACU_HOUR));
        usage
    })]
}

/// A scenario's dashboard.
pub fn dashboard(prices: &PriceList) -> Standing {
    monthly(prices, "1 dashboard (an account's first three cost nothing)", 1.0, DASHBOARD_MONTH)
}

/// The objects with which a stack has filled a bucket.
pub fn objects(prices: &PriceList, deployment: &Deployment) -> Standing {
    let gb = stored_bytes(deployment) / (1024.0 * 1024.0 * 1024.0);
    let objects = deployment.setting("objectCount").unwrap_or_default();
    monthly(prices, format!("{objects} objects in S3, {} GB", digits(gb)), gb, S3_GB_MONTH)
}

/// What these objects have, bytes.
pub fn stored_bytes(deployment: &Deployment) -> f64 {
    bytes_by(|name| deployment.setting(name))
}

/// The same by a stack's settings.
pub fn bytes_by(setting: impl Fn(&str) -> Option<u64>) -> f64 {
    let setting = |name| real(setting(name).unwrap_or_default());
    setting("objectCount") * setting("objectSizeMib") * 1024.0 * 1024.0
}

/// The least and the most that an instance has, ACUs: multiples of 0.5.
fn capacities(deployment: &Deployment) -> [f64; 2] {
    ["minCapacity", "maxCapacity"]
        .map(|name| deployment.settings.get(name).and_then(Value::as_f64).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    #[test]
    fn a_cluster_that_scales_costs_between_its_capacities() {
        let settings = json!({ "settings": { "minCapacity": 0, "maxCapacity": 2.5 } });
        let run = testing::run::<Deployed>("x", settings);
        let all = database(&run.prices, run.deployment(), 2, 1);
        assert_eq!(all[0].item, "Aurora: 2 instances of 0 to 2.5 ACUs");
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-9, "{got} is not {want}");
        close(all[0].low_usd_per_hour, 0.0);
        close(all[0].high_usd_per_hour, 0.6);
        close(all[1].low_usd_per_hour, 0.01);
        close(all[2].high_usd_per_hour * MONTH_HOURS, 0.4);
    }

    #[test]
    fn a_run_pays_for_what_a_cluster_scales_up_to() {
        let scaling = |settings| {
            let run = testing::run::<Deployed>("x", json!({ "settings": settings }));
            scaling(&run.prices, run.deployment(), 2, Range::exact(1800.0))
        };
        let parts = scaling(json!({ "minCapacity": 0.5, "maxCapacity": 64 }));
        let hours = parts[0].expected.lines[0].quantity.unwrap();
        assert!((hours - 63.5 * 2.0 * 0.5 * 0.5).abs() < 1e-9, "{hours}");
        assert!(
            (parts[0].usd.high - 63.5 * 0.12).abs() < 1e-9 && parts[0].usd.low == 0.0,
            "{:?}",
            parts[0].usd
        );
        assert_eq!(
            scaling(json!({ "minCapacity": 2, "maxCapacity": 2 })),
            [],
            "it stands, and is paid for anyway"
        );
    }

    #[test]
    fn objects_cost_what_they_have_in_gib() {
        let run =
            testing::run::<Deployed>("x", json!({ "settings": { "objectCount": 3000, "objectSizeMib": 5 } }));
        let objects = objects(&run.prices, run.deployment());
        assert_eq!(objects.item, "3000 objects in S3, 14.65 GB");
        let month = objects.low_usd_per_hour * MONTH_HOURS;
        assert!((month - 14.648_437_5 * 0.023).abs() < 1e-9, "{month}");
    }
}
