//! The prices of a stack's region: from AWS's price list, which is kept for a week.

mod offer;
mod products;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use aws_config::{Region, SdkConfig};
use aws_sdk_pricing::Client;
use aws_sdk_pricing::config::Builder;
use aws_sdk_pricing::types::{Filter, FilterType};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{Timestamp, ToSpan};
use protocol::deployment::Deployment;
use results::price_list::{PriceList, US_EAST_1};
use serde::{Deserialize, Serialize};

use self::offer::Offer;
use self::products::{PRODUCTS, Product};
use crate::aws::failed;
use crate::output;
use crate::project::Project;

/// Where the price list of all regions can be read (Billing User Guide, "AWS Price List service endpoints").
const ENDPOINT: Region = Region::from_static("us-east-1");
/// Requests at once.
const CONCURRENCY: usize = 4;
/// How long a price list is kept, hours.
const KEPT_HOURS: i64 = 7 * 24;

/// What is kept of a region's price list.
#[derive(Serialize, Deserialize)]
struct Kept {
    read_at: Timestamp,
    prices: PriceList,
}

/// The prices of a stack's region; those of us-east-1 for a local stack, and where the list cannot be read.
pub async fn of(deployment: &Deployment, config: &SdkConfig, project: &Project) -> PriceList {
    if !deployment.is_on_aws() {
        return US_EAST_1.clone();
    }
    match kept_or_read(deployment, config, project).await {
        Ok(prices) => prices,
        Err(error) => {
            output::print_error(format_args!(
                "AWS's price list cannot be read, so costs are at the list prices of us-east-1: {error:#}"
            ));
            US_EAST_1.clone()
        }
    }
}

async fn kept_or_read(deployment: &Deployment, config: &SdkConfig, project: &Project) -> Result<PriceList> {
    let file = project.folder("prices")?.join(format!("{}.json", deployment.region));
    let now = Timestamp::now();
    if let Some(prices) = kept(&file, now) {
        return Ok(prices);
    }
    let prices = read(deployment, config).await?;
    let text = serde_json::to_vec(&Kept { read_at: now, prices: prices.clone() })?;
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(prices)
}

/// What was read not long ago.
fn kept(file: &Path, now: Timestamp) -> Option<PriceList> {
    let Kept { read_at, prices } = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (read_at + KEPT_HOURS.hours() > now).then_some(prices)
}

async fn read(deployment: &Deployment, config: &SdkConfig) -> Result<PriceList> {
    let client = Client::from_conf(Builder::from(config).region(ENDPOINT).build());
    let read: Vec<_> = stream::iter(&PRODUCTS)
        .map(|product| offers(&client, deployment, product))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    let mut prices = PriceList::default();
    for (product, offers) in read {
        if let Some(found) = product.price(&deployment.region, &offers) {
            let source = format!("AWS Price List API: {} {}", product.service, found.usage_type);
            prices.add(product.of, found.usd, source, found.date);
        }
    }
    Ok(prices)
}

/// What the region offers under names like a product's.
async fn offers<'a>(
    client: &Client,
    deployment: &Deployment,
    product: &'a Product,
) -> Result<(&'a Product, Vec<Offer>)> {
    let filter = |kind, field, value| Filter::builder().r#type(kind).field(field).value(value).build();
    let mut pages = client
        .get_products()
        .service_code(product.service)
        .filters(filter(FilterType::TermMatch, "regionCode", deployment.region.as_str())?)
        .filters(filter(FilterType::Contains, "usagetype", product.usage_type)?)
        .into_paginator()
        .send();
    let mut offers = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("GetProducts", deployment)(&error))?;
        let read = page.price_list().iter().map(|text| serde_json::from_str(text));
        offers.extend(
            read.collect::<Result<Vec<Offer>, _>>().context("the price list has an unexpected format")?,
        );
    }
    Ok((product, offers))
}

#[cfg(test)]
mod tests {
    use results::prices::SQS_REQUEST;

    use super::*;

    #[test]
    fn a_price_list_is_kept_for_a_week() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("eu-west-1.json");
        let read_at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        assert_eq!(kept(&file, read_at), None);
        let mut prices = PriceList::default();
        prices.add(SQS_REQUEST, 0.000_000_5, "here".to_owned(), "2026-11-01".to_owned());
        fs::write(&file, serde_json::to_vec(&Kept { read_at, prices: prices.clone() }).unwrap()).unwrap();
        assert_eq!(kept(&file, read_at + 167.hours()), Some(prices));
        assert_eq!(kept(&file, read_at + 169.hours()), None);
        fs::write(&file, "{").unwrap();
        assert_eq!(kept(&file, read_at), None);
    }
}
