//! The records of a batch that Lambda has discarded: it names their range in the stream, not what they hold.

use anyhow::{Result, bail};
use aws_sdk_dynamodbstreams::types::{Record as TableRecord, ShardIteratorType as TableIterator};
use aws_sdk_kinesis::types::{Record as StreamRecord, ShardIteratorType as StreamIterator};
use protocol::pipeline::ID;
use serde::Deserialize;

use crate::aws::failed;
use crate::scenario::pipeline::Run;

/// A stream may answer without records that are there so often in a row before it counts as read to its end.
const EMPTY_ANSWERS: u32 = 10;

/// A range of a shard, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchRange {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    /// How many records it has.
    #[serde(rename = "batchSize")]
    pub records: u64,
    stream_arn: String,
}

/// A record's data, as far as it matters here.
#[derive(Deserialize)]
struct Data {
    id: String,
}

/// A record's sequence number and, if it has one, its message's id.
type IdRecord = (String, Option<String>);

/// Ids that are collected until the end of a batch.
struct IdCollector<'a> {
    batch: &'a BatchRange,
    ids: Vec<String>,
    empty: u32,
}

impl<'a> IdCollector<'a> {
    fn new(batch: &'a BatchRange) -> Self {
        Self { batch, ids: Vec::new(), empty: 0 }
    }

    /// Adds the ids of an answer's records; whether there are more to come.
    fn add(&mut self, records: impl Iterator<Item = IdRecord>) -> bool {
        let mut is_empty = true;
        for (sequence_number, id) in records {
            is_empty = false;
            if order(&sequence_number) > order(&self.batch.end_sequence_number) {
                return false;
            }
            self.ids.extend(id);
            if sequence_number == self.batch.end_sequence_number {
                return false;
            }
        }
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        self.empty < EMPTY_ANSWERS
    }
}

/// The ids of a batch of the Kinesis stream; none if it is another stream's.
pub async fn ids_in_stream(run: &Run, batch: &BatchRange) -> Result<Vec<String>> {
    let (deployment, stream) = (run.deployment(), &run.deployed.stream);
    if batch.stream_arn != stream.arn {
        return Ok(Vec::new());
    }
    let client = aws_sdk_kinesis::Client::new(&run.config);
    let iterator = client
        .get_shard_iterator()
        .stream_name(&stream.name)
        .shard_id(&batch.shard_id)
        .shard_iterator_type(StreamIterator::AtSequenceNumber)
        .starting_sequence_number(&batch.start_sequence_number)
        .send()
        .await
        .map_err(|error| failed("GetShardIterator", deployment)(&error))?;
    collect(batch, iterator.shard_iterator, async |iterator| {
        let answer = client.get_records().shard_iterator(iterator).send().await;
        let answer = answer.map_err(|error| failed("GetRecords", deployment)(&error))?;
        Ok((answer.records.iter().map(stream_record).collect(), answer.next_shard_iterator))
    })
    .await
}

/// The ids of a batch of the table's stream; none if it is another table's.
pub async fn ids_in_table(run: &Run, batch: &BatchRange) -> Result<Vec<String>> {
    let (deployment, table) = (run.deployment(), &run.deployed.table);
    if batch.stream_arn != table.stream_arn {
        return Ok(Vec::new());
    }
    let client = aws_sdk_dynamodbstreams::Client::new(&run.config);
    let iterator = client
        .get_shard_iterator()
        .stream_arn(&table.stream_arn)
        .shard_id(&batch.shard_id)
        .shard_iterator_type(TableIterator::AtSequenceNumber)
        .sequence_number(&batch.start_sequence_number)
        .send()
        .await
        .map_err(|error| failed("GetShardIterator", deployment)(&error))?;
    collect(batch, iterator.shard_iterator, async |iterator| {
        let answer = client.get_records().shard_iterator(iterator).send().await;
        let answer = answer.map_err(|error| failed("GetRecords", deployment)(&error))?;
        Ok((answer.records().iter().filter_map(table_record).collect(), answer.next_shard_iterator))
    })
    .await
}

/// Reads a batch from an iterator on; `read` gets an answer's records and the next iterator.
async fn collect(
    batch: &BatchRange,
    first: Option<String>,
    read: impl AsyncFn(String) -> Result<(Vec<IdRecord>, Option<String>)>,
) -> Result<Vec<String>> {
    let (mut next, mut collector) = (first, IdCollector::new(batch));
    while let Some(iterator) = next {
        let (records, following) = read(iterator).await?;
        next = if collector.add(records.into_iter()) { following } else { None };
    }
    complete(collector)
}

fn complete(collector: IdCollector<'_>) -> Result<Vec<String>> {
    if collector.ids.is_empty() {
        bail!("the stream no longer has these records");
    }
    Ok(collector.ids)
}

fn stream_record(record: &StreamRecord) -> IdRecord {
    let data: Result<Data, _> = serde_json::from_slice(record.data.as_ref());
    (record.sequence_number.clone(), data.ok().map(|data| data.id))
}

fn table_record(record: &TableRecord) -> Option<IdRecord> {
    let change = record.dynamodb()?;
    let id = change.keys().and_then(|keys| keys.get(ID)?.as_s().ok().cloned());
    Some((change.sequence_number()?.to_owned(), id))
}

/// Sequence numbers are whole numbers of any length, with or without zeros before them.
fn order(sequence_number: &str) -> (usize, &str) {
    let digits = sequence_number.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(end: &str) -> BatchRange {
        let text = format!(
            r#"{{"shardId": "shardId-000000000000", "startSequenceNumber": "1", "endSequenceNumber": "{end}",
                "approximateArrivalOfFirstRecord": "2026-11-21T10:00:00Z", "batchSize": 3, "streamArn": "arn"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn record(sequence_number: &str) -> (String, Option<String>) {
        (sequence_number.to_owned(), Some(format!("run-{sequence_number}")))
    }

    #[test]
    fn a_batch_ends_with_its_last_record_however_many_follow() {
        let batch = batch("300");
        let mut collector = IdCollector::new(&batch);
        assert!(collector.add([record("99"), record("200")].into_iter()));
        assert!(!collector.add([record("300"), record("400")].into_iter()));
        assert_eq!(collector.ids, ["run-99", "run-200", "run-300"]);
    }

    #[test]
    fn a_batch_whose_last_record_has_expired_ends_before_the_next_one() {
        let batch = batch("300");
        let mut collector = IdCollector::new(&batch);
        assert!(!collector.add([record("1000"), record("1001")].into_iter()));
        assert!(complete(collector).is_err(), "records that are gone are told, not passed over");
    }

    #[test]
    fn a_stream_may_answer_without_records_for_a_while() {
        let batch = batch("300");
        let mut collector = IdCollector::new(&batch);
        let empty = || std::iter::empty::<(String, Option<String>)>();
        assert!((0..3).all(|_| collector.add(empty())));
        assert!(collector.add([record("1")].into_iter()), "and is asked again from then on");
        assert!(!(0..EMPTY_ANSWERS).all(|_| collector.add(empty())), "but not for ever");
    }

    #[test]
    fn sequence_numbers_are_compared_as_numbers() {
        assert!(order("49545115243490985018280067714973144582180062593244200961") > order("9"));
        assert!(order("000000000000000000010") > order("9"));
        assert_eq!(order("007"), order("7"));
    }
}
