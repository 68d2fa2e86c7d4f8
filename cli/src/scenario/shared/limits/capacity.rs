//! What streams and tables of a stack take at this time.

use aws_sdk_dynamodb::types::TableDescription;
use protocol::stats::real;
use results::limits::Source;

use super::{Allowed, Limit, ask, unread};
use crate::scenario::shared::run_context::RunContext;

/// Write units per second that a new on-demand table takes (DynamoDB Developer Guide, "DynamoDB on-demand capacity mode").
const TABLE_WRITES: f64 = 4000.0;

/// The open shards of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Shards {
    /// How many they are.
    pub count: u64,
    source: Source,
    /// Why it isn't Kinesis that says so.
    unread: Option<String>,
}

impl Shards {
    /// What all of them take, where each takes so much.
    pub fn times(&self, each: f64) -> Allowed {
        Allowed { value: real(self.count) * each, source: self.source, unread: self.unread.clone() }
    }
}

/// The open shards of a stream (`kinesis:DescribeStreamSummary`); if that isn't known, those of its setting, or if there is none, as
/// many as are documented of a new on-demand stream.
pub async fn open_shards(
    context: RunContext<'_>,
    stream: &str,
    setting: Option<u64>,
    documented: u64,
) -> Shards {
    let client = aws_sdk_kinesis::Client::new(context.config);
    let request = client.describe_stream_summary().stream_name(stream).send();
    let shards = ask("DescribeStreamSummary", request).await.and_then(|answer| {
        let open = answer.stream_description_summary.map(|summary| summary.open_shard_count);
        let open = open.and_then(|open| u64::try_from(open).ok()).filter(|open| *open > 0);
        open.ok_or_else(|| unread("DescribeStreamSummary", "no shard is open"))
    });
    match shards {
        Ok(count) => Shards { count, source: Source::Account, unread: None },
        Err(reason) => {
            let source = if setting.is_some() { Source::Stack } else { Source::Documented };
            Shards { count: setting.unwrap_or(documented), source, unread: Some(reason) }
        }
    }
}

/// How many write units per second an on-demand table takes: its warm throughput (`dynamodb:DescribeTable`), which is what it has
/// grown to.
pub async fn table_writes(context: RunContext<'_>, table: &str, needed: f64) -> Limit {
    let client = aws_sdk_dynamodb::Client::new(context.config);
    let described = ask("DescribeTable", client.describe_table().table_name(table).send()).await;
    let allowed = match described.map(|answer| answer.table.as_ref().and_then(warm_writes)) {
        Ok(Some(writes)) => Allowed::account(real(writes)),
        // The emulator has no warm throughput.
        Ok(None) => Allowed::documented(TABLE_WRITES),
        Err(reason) => Allowed::documented(TABLE_WRITES).unread(reason),
    };
    Limit::new(
        "write units per second (DynamoDB, warm throughput of the table)",
        needed,
        allowed,
        "an on-demand table grows as it is used: run it again, or raise its warm throughput",
    )
}

fn warm_writes(table: &TableDescription) -> Option<u64> {
    let writes = table.warm_throughput.as_ref()?.write_units_per_second?;
    u64::try_from(writes).ok()
}
