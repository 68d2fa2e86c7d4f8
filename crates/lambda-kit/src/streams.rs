//! Batches of a stream: what failed is reported by the first record that has to come again.

use serde::Serialize;

/// The answer to a batch of Kinesis or of a DynamoDB stream whose event source has `ReportBatchItemFailures`: Lambda delivers
/// again from the lowest sequence number that is named, whatever came of the records after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

impl BatchResponse {
    /// All is done, or all before the record with this sequence number.
    #[must_use]
    pub fn from(lowest_failed: Option<&str>) -> Self {
        let failed = lowest_failed.map(|number| Failed { item_identifier: number.to_owned() });
        Self { batch_item_failures: failed.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_reads_where_to_go_on() {
        let json = |response| serde_json::to_value(response).unwrap();
        assert_eq!(json(BatchResponse::from(None)), serde_json::json!({ "batchItemFailures": [] }));
        assert_eq!(
            json(BatchResponse::from(Some("4957"))),
            serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "4957" }] })
        );
    }
}
