//! What became of each request as JSON: a byte for each request, packed. Those of a smooth load take some hundred bytes, and the
//! worst mixture a quarter of a byte each.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::packed::{pack, unpack};
use crate::request_log::RequestStatus;

/// Writes statuses.
pub fn serialize<S: Serializer>(statuses: &[RequestStatus], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = statuses.iter().map(|status| *status as u8).collect();
    pack(&bytes).map_err(S::Error::custom)?.serialize(serializer)
}

/// Reads them.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RequestStatus>, D::Error> {
    let bytes = unpack(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
    bytes.into_iter().map(|byte| status(byte).ok_or_else(|| D::Error::custom("not a status"))).collect()
}

fn status(byte: u8) -> Option<RequestStatus> {
    RequestStatus::ALL.into_iter().find(|status| *status as u8 == byte)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use crate::{RequestLog, RequestStatus, StageLog};

    fn log(statuses: Vec<RequestStatus>) -> RequestLog {
        RequestLog { statuses, ..RequestLog::default() }
    }

    proptest! {
        #[test]
        fn what_became_of_each_request_survives_json(
            statuses in proptest::collection::vec(proptest::sample::select(&RequestStatus::ALL[..]), 0..2000),
        ) {
            let text = serde_json::to_string(&log(statuses.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<RequestLog>(&text).unwrap().statuses, statuses);
        }
    }

    #[test]
    fn the_worst_mixture_of_a_long_load_fits_between_two_states() {
        // 200,000 requests: 250 per second for 800 s, as good as random.
        let random = |index: u64| usize::try_from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62).unwrap();
        let statuses = (0..200_000_u64).map(|index| RequestStatus::ALL[1 + random(index * index)]);
        let text = serde_json::to_string(&log(statuses.collect())).unwrap();
        assert!(text.len() < 100_000, "{} bytes", text.len());
        let smooth = serde_json::to_string(&log(vec![RequestStatus::Accepted; 200_000])).unwrap();
        assert!(smooth.len() < 2000, "{} bytes", smooth.len());
    }

    #[test]
    fn a_report_of_many_steps_with_long_tails_fits_between_two_states() {
        // 256 KiB: ten steps of a function's 200,000 requests, each from 300 µs to 3 s, and late by up to 100 ms.
        let tail = |index: u64| 300 + 1_000_000_000 / (300 + (index * 7919) % 100_000 * 30);
        let mut log =
            log((0..200_000).map(|index| RequestStatus::ALL[1 + usize::from(index % 97 == 0)]).collect());
        for step in 0..10 {
            let mut stage = StageLog::default();
            for index in step * 20_000..(step + 1) * 20_000 {
                stage.warm.record(Duration::from_micros(tail(index)));
                stage.lateness.record(Duration::from_micros(tail(index) / 30));
            }
            log.warm.merge(&stage.warm);
            log.lateness.merge(&stage.lateness);
            log.stages.push(stage);
        }
        let text = serde_json::to_string(&log).unwrap();
        assert!(text.len() < 150 * 1024, "{} bytes", text.len());
    }

    #[test]
    fn what_is_no_list_of_statuses_is_refused() {
        let text = serde_json::to_string(&log(vec![RequestStatus::Accepted])).unwrap();
        let broken = text.replacen("\"statuses\":\"", "\"statuses\":\"!", 1);
        assert!(serde_json::from_str::<RequestLog>(&broken).is_err());
    }
}
