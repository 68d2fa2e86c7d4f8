//! Under which names the price list has our prices.

use results::prices::{
    AURORA_ACU_HOUR, DYNAMODB_WRITE, ENDPOINT_HOUR, EVENT_64_KB, HTTP_API_REQUEST, KINESIS_CONSUMER_GB,
    KINESIS_CONSUMER_SHARD_HOUR, KINESIS_GB_IN, KINESIS_GB_OUT, KINESIS_ON_DEMAND_CONSUMER_GB,
    KINESIS_PUT_UNIT, KINESIS_SHARD_HOUR, KINESIS_STREAM_HOUR, LAMBDA_ARM64, LAMBDA_REQUEST, LAMBDA_STORAGE,
    LAMBDA_X86_64, Price, S3_GB_MONTH, S3_READ, S3_WRITE, SQS_REQUEST, STATE_TRANSITION,
};

use super::offer::Offer;

/// Regions differ by less than this factor; more is the price of something else, or of another unit.
const PLAUSIBLE: f64 = 3.0;

/// What the price list has under a name.
pub struct Product {
    /// What it is here.
    pub of: Price,
    /// The service's code.
    pub service: &'static str,
    /// The usage type, without the region that stands before it in most, such as `EU-` or `APN1-`.
    pub usage_type: &'static str,
    /// An attribute that tells it from others of the same usage type.
    attribute: Option<(&'static str, &'static str)>,
}

/// A product's price in a region.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// USD a unit.
    pub usd: f64,
    /// Its whole usage type.
    pub usage_type: String,
    /// When it was published, `YYYY-MM-DD`.
    pub date: String,
}

/// All of our prices but those of a Data API request, whose name is not documented, and of what is paid by the month and the piece,
/// which costs the same nearly everywhere.
pub static PRODUCTS: [Product; 22] = [
    product(LAMBDA_ARM64, "AWSLambda", "Lambda-GB-Second-ARM"),
    product(LAMBDA_X86_64, "AWSLambda", "Lambda-GB-Second"),
    product(LAMBDA_STORAGE, "AWSLambda", "Lambda-Storage-GB-Second"),
    product(LAMBDA_REQUEST, "AWSLambda", "Request"),
    product(S3_WRITE, "AmazonS3", "Requests-Tier1"),
    product(S3_READ, "AmazonS3", "Requests-Tier2"),
    product(S3_GB_MONTH, "AmazonS3", "TimedStorage-ByteHrs"),
    product(ENDPOINT_HOUR, "AmazonVPC", "VpcEndpoint-Hours"),
    product(SQS_REQUEST, "AWSQueueService", "Requests-Tier1"),
    product(STATE_TRANSITION, "AmazonStates", "StateTransition"),
    Product {
        attribute: Some(("databaseEngine", "Aurora PostgreSQL")),
        ..product(AURORA_ACU_HOUR, "AmazonRDS", "Aurora:ServerlessV2Usage")
    },
    product(HTTP_API_REQUEST, "AmazonApiGateway", "ApiGatewayHttpRequest"),
    product(KINESIS_SHARD_HOUR, "AmazonKinesis", "Storage-ShardHour"),
    product(KINESIS_PUT_UNIT, "AmazonKinesis", "PutRequestPayloadUnits"),
    product(KINESIS_CONSUMER_SHARD_HOUR, "AmazonKinesis", "EnhancedFanoutHour"),
    product(KINESIS_CONSUMER_GB, "AmazonKinesis", "ReadBytes"),
    product(KINESIS_ON_DEMAND_CONSUMER_GB, "AmazonKinesis", "OnDemand-BilledOutgoingEFOBytes"),
    product(KINESIS_STREAM_HOUR, "AmazonKinesis", "OnDemand-StreamHour"),
    product(KINESIS_GB_IN, "AmazonKinesis", "OnDemand-BilledIncomingBytes"),
    product(KINESIS_GB_OUT, "AmazonKinesis", "OnDemand-BilledOutgoingBytes"),
    product(DYNAMODB_WRITE, "AmazonDynamoDB", "WriteRequestUnits"),
    Product {
        attribute: Some(("eventType", "Custom Event")),
        ..product(EVENT_64_KB, "AWSEvents", "Event-64K-Chunks")
    },
];

const fn product(of: Price, service: &'static str, usage_type: &'static str) -> Product {
    Product { of, service, usage_type, attribute: None }
}

impl Product {
    /// Its price in a region; none where the list has none, several, or one that cannot be meant.
    pub fn price(&self, region: &str, offers: &[Offer]) -> Option<Found> {
        let found = offers.iter().filter(|offer| self.is_meant(region, offer)).filter_map(|offer| {
            let usage_type = offer.attribute("usagetype").to_owned();
            Some(Found { usd: offer.usd()?, usage_type, date: offer.date() })
        });
        let mut found: Vec<Found> = found.collect();
        found.dedup_by(|a, b| a.usd.total_cmp(&b.usd).is_eq());
        let one = found.pop().filter(|_| found.is_empty())?;
        let plausible = self.of.usd / PLAUSIBLE..=self.of.usd * PLAUSIBLE;
        plausible.contains(&one.usd).then_some(one)
    }

    fn is_meant(&self, region: &str, offer: &Offer) -> bool {
        let is_ours = offer.attribute("usagetype").strip_suffix(self.usage_type).is_some_and(|before| {
            before.is_empty() || before.strip_suffix('-').is_some_and(|region| !region.contains('-'))
        });
        let is_in_region = offer.attribute("regionCode") == region;
        is_ours && is_in_region && self.attribute.is_none_or(|(name, value)| offer.attribute(name) == value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    /// As `GetProducts` returns it, shortened.
    fn offer(usage_type: &str, tiers: &[(&str, &str)]) -> Offer {
        let dimensions: serde_json::Map<_, _> = tiers
            .iter()
            .map(|(from, usd)| {
                let tier = json!({
                    "unit": "Lambda-GB-Second", "beginRange": from, "endRange": "Inf", "appliesTo": [],
                    "description": "AWS Lambda - Total Compute", "rateCode": format!("SKU.JRTCKXETXF.{from}"),
                    "pricePerUnit": { "USD": usd },
                });
                (format!("SKU.JRTCKXETXF.{from}"), tier)
            })
            .collect();
        let offer = json!({
            "product": {
                "productFamily": "Serverless", "sku": "SKU",
                "attributes": {
                    "regionCode": "eu-west-1", "servicecode": "AWSLambda", "group": "AWS-Lambda-Duration-ARM",
                    "usagetype": usage_type, "location": "EU (Ireland)", "operation": "",
                },
            },
            "serviceCode": "AWSLambda",
            "terms": { "OnDemand": { "SKU.JRTCKXETXF": {
                "priceDimensions": dimensions, "sku": "SKU", "effectiveDate": "2026-11-01T00:00:00Z",
                "offerTermCode": "JRTCKXETXF", "termAttributes": {},
            } } },
            "version": "20261105153045", "publicationDate": "2026-11-05T15:30:45Z",
        });
        serde_json::from_value(offer).unwrap()
    }

    fn arm64(offers: &[Offer]) -> Option<f64> {
        PRODUCTS[0].price("eu-west-1", offers).map(|found| found.usd)
    }

    const NAME: &str = "EU-Lambda-GB-Second-ARM";

    #[test]
    fn the_first_tier_that_costs_something_is_the_price() {
        let tiers = [("15000000000", "0.0000106667"), ("7500000000", "0.0000120001"), ("0", "0.0000133335")];
        let found = PRODUCTS[0].price("eu-west-1", &[offer(NAME, &tiers)]).unwrap();
        assert_eq!(
            (found.usd, found.usage_type.as_str(), found.date.as_str()),
            (0.000_013_333_5, NAME, "2026-11-05")
        );
        let free_at_first = [("0", "0.0000000000"), ("400000", "0.0000133334")];
        assert_eq!(arm64(&[offer(NAME, &free_at_first)]), Some(0.000_013_333_4));
    }

    #[test]
    fn another_product_whose_name_ends_alike_is_not_meant() {
        let dear = [("0", "0.00002")];
        let others = ["EU-Other-Lambda-GB-Second-ARM", "EU-Lambda-GB-Second", "XLambda-GB-Second-ARM"];
        let mut offers: Vec<Offer> = others.into_iter().map(|name| offer(name, &dear)).collect();
        assert_eq!(arm64(&offers), None);
        offers.push(offer("Lambda-GB-Second-ARM", &[("0", "0.0000133334")]));
        assert_eq!(arm64(&offers), Some(0.000_013_333_4), "us-east-1 has no region in its names");
        assert_eq!(PRODUCTS[0].price("eu-west-2", &offers), None);
    }

    #[test]
    fn what_is_not_certain_is_no_price() {
        let [one, other] = ["0.0000133334", "0.0000143334"].map(|usd| offer(NAME, &[("0", usd)]));
        assert_eq!(arm64(&[one, other]), None, "two prices of one product");
        assert_eq!(arm64(&[offer(NAME, &[("0", "13.3334")])]), None, "the price of a million");
        assert_eq!(arm64(&[offer(NAME, &[])]), None);
        let same = ["0.0000133334"; 2].map(|usd| offer(NAME, &[("0", usd)]));
        assert_eq!(arm64(&same), Some(0.000_013_333_4));
    }

    #[test]
    fn each_product_has_a_price_of_its_own() {
        let units: BTreeSet<&str> = PRODUCTS.iter().map(|product| product.of.unit).collect();
        assert_eq!(units.len(), PRODUCTS.len());
    }
}
