//! An entry of AWS's price list, as `GetProducts` returns it (Billing User Guide, "Reading the service price list file").

use std::collections::BTreeMap;

use serde::Deserialize;

/// A product, and what it costs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    product: Described,
    terms: Terms,
    publication_date: String,
}

#[derive(Debug, Deserialize)]
struct Described {
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand", default)]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    price_dimensions: BTreeMap<String, Tier>,
}

/// A price from some quantity a month on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tier {
    #[serde(default)]
    begin_range: String,
    price_per_unit: BTreeMap<String, String>,
}

impl Offer {
    /// One of the product's attributes; empty if it has none of that name.
    pub fn attribute(&self, name: &str) -> &str {
        self.product.attributes.get(name).map_or("", String::as_str)
    }

    /// When it was published, `YYYY-MM-DD`.
    pub fn date(&self) -> String {
        self.publication_date.chars().take("YYYY-MM-DD".len()).collect()
    }

    /// USD for a unit of the first tier that costs something: what is free at first is so for an account, not for a run.
    pub fn usd(&self) -> Option<f64> {
        let tiers = self.terms.on_demand.values().flat_map(|term| term.price_dimensions.values());
        let priced = tiers.filter_map(|tier| {
            let usd: f64 = tier.price_per_unit.get("USD")?.parse().ok()?;
            Some((tier.begin_range.parse().unwrap_or(0.0_f64), usd))
        });
        let first: Option<(f64, f64)> =
            priced.filter(|(_, usd)| *usd > 0.0).min_by(|a, b| a.0.total_cmp(&b.0));
        first.map(|(_, usd)| usd)
    }
}
