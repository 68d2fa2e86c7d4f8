//! The contender on the S3 model; its workers are invocations of the same handler in this process.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use conformance::{Archives, Contender, FILES, Limit, Model, Sizes as Objects, put, some};
use contender_kit::{Invocation, Job};
use lambda_kit::{Deadline, Failure};
use lambda_runtime::Diagnostic;
use s3_client::S3;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use zip_planner::{PartSizes, ShareSizes};

use crate::contender::{NAME, archive, send_share};
use crate::event::{Event, bucket};
use crate::invoker::{InvokeError, Invoker};
use crate::settings::Division;

const MIB: u64 = 1 << 20;
/// So small that a few objects have shares.
const DIVISION: Division = Division {
    workers: 3,
    shares: ShareSizes { least: 8 * MIB, part: 24 * MIB, whole: 2 * MIB },
    alone: PartSizes { part: 24 * MIB, whole: 2 * MIB },
    max_message: 6_000_000,
};

/// What becomes of an invocation.
#[derive(Debug, Clone)]
enum Fate {
    Answers,
    /// It ends so before it does anything.
    Ends(InvokeError),
    /// It does its work, but its answer is lost.
    IsLost,
    /// It answers so.
    Says(&'static str),
    /// It neither works nor ends.
    Hangs,
}

/// The fates of invocations, by their numbers.
type Fates = fn(usize) -> Fate;

/// Lambda, in this process.
struct Workers {
    s3: S3,
    fates: Fates,
    invoked: Rc<Cell<usize>>,
}

impl Invoker for Workers {
    async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        let fate = (self.fates)(self.invoked.replace(self.invoked.get() + 1));
        match fate {
            Fate::Answers => self.work(&payload).await,
            Fate::Ends(error) => Err(error),
            Fate::IsLost => {
                self.work(&payload).await?;
                Err(InvokeError::Lost("connection reset".to_owned()))
            }
            Fate::Says(answer) => Ok(answer.as_bytes().to_vec()),
            Fate::Hangs => std::future::pending().await,
        }
    }
}

impl Workers {
    async fn work(&self, payload: &[u8]) -> Result<Vec<u8>, InvokeError> {
        let event: Event = serde_json::from_slice(payload).unwrap();
        assert_eq!(bucket(&event).unwrap(), self.s3.bucket());
        let Event::Share(message) = event else { panic!("a worker is to make a whole archive") };
        let deadline = Deadline::after(Duration::from_mins(15));
        let invocation = Invocation { deadline, terminated: CancellationToken::new() };
        match send_share(&self.s3, message, DIVISION, invocation).await {
            Ok(answer) => Ok(serde_json::to_vec(&answer).unwrap()),
            Err(failure) => Err(reported(failure)),
        }
    }
}

/// As Lambda reports it.
fn reported(failure: Failure) -> InvokeError {
    let Diagnostic { error_type, error_message } = failure.into();
    InvokeError::Failed { kind: error_type, message: error_message }
}

fn fan_out(division: Division, fates: Fates) -> Contender {
    let invoked = Rc::new(Cell::new(0));
    Contender::new(NAME, move |job: Arc<Job>| {
        let workers = Workers { s3: job.s3.clone(), fates, invoked: Rc::clone(&invoked) };
        async move { archive(job, division, &workers).await }
    })
}

conformance::conformance!(fan_out(DIVISION, |_| Fate::Answers));

/// Three shares, for this invocation and two workers; one object is divided.
async fn three_shares() -> (Model, Objects) {
    let (model, mut sizes) = (Model::start().await, some(FILES, 9, 2 << 20));
    sizes.extend(some("files/large", 1, 9 << 20).into_iter().map(|(key, size)| (key + "l", size)));
    sizes.extend(some("files/more", 8, 1 << 20).into_iter().map(|(key, size)| (key + "m", size)));
    put(&model.s3, &sizes).await;
    (model, sizes)
}

/// Makes an archive, checks it, and returns what the contender says of it.
async fn made(division: Division, fates: Fates) -> Value {
    let ((model, sizes), mut archives) = (three_shares().await, Archives::new());
    let made = model.archive(&fan_out(division, fates), FILES, Limit::default()).await;
    let made = made.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(model.left().await, [""; 0]);
    archives.keep(&model.s3, &sizes).await;
    archives.check();
    made
}

/// Fails, leaves nothing, and says why.
async fn failure(fates: Fates, limit: Limit) -> String {
    let (model, _) = three_shares().await;
    let made = model.archive(&fan_out(DIVISION, fates), FILES, limit).await;
    model.has_nothing().await;
    made.expect_err("there is no archive").to_string()
}

fn ended() -> InvokeError {
    InvokeError::Failed {
        kind: "Runtime.ExitError".to_owned(),
        message: "Runtime exited with error: signal: killed".to_owned(),
    }
}

fn throttled() -> Fate {
    Fate::Ends(InvokeError::Throttled("TooManyRequestsException".to_owned()))
}

#[tokio::test]
async fn each_function_sends_a_share_and_one_the_end() {
    let made = made(DIVISION, |_| Fate::Answers).await;
    assert_eq!((&made["shares"], &made["invocations"]), (&3.into(), &3.into()), "{made}");
    assert_eq!(made["parts"], 4, "{made}");
    assert!(made["worker_requests"].as_u64() >= Some(2 * 7), "{made}");
}

#[tokio::test]
async fn one_worker_or_a_small_archive_need_no_invocation() {
    let alone = Division { workers: 1, ..DIVISION };
    let all = ShareSizes { least: 100 * MIB, ..DIVISION.shares };
    for division in [alone, Division { shares: all, ..DIVISION }] {
        let made = made(division, |_| panic!("nobody is needed")).await;
        assert_eq!((&made["shares"], &made["invocations"]), (&1.into(), &1.into()), "{made}");
    }
}

/// Before it has sent anything, afterwards, and with an answer that is none.
#[tokio::test]
async fn the_share_of_a_worker_that_dies_is_sent_again() {
    let fates: [Fates; 3] = [
        |number| if number < 2 { Fate::Ends(ended()) } else { Fate::Answers },
        |number| if number < 2 { Fate::IsLost } else { Fate::Answers },
        |number| {
            if number < 2 {
                Fate::Says(r#"{"etags":[],"crcs":[],"ranges":[],"requests":1}"#)
            } else {
                Fate::Answers
            }
        },
    ];
    for fates in fates {
        let made = made(DIVISION, fates).await;
        let invocations = made["invocations"].as_u64().unwrap();
        assert!((3..=5).contains(&invocations), "those that died are paid for too: {made}");
    }
}

#[tokio::test]
async fn a_share_that_no_worker_sends_is_a_clear_error() {
    // This invocation is busy with a share of its own meanwhile, or takes one of those that failed.
    let (model, _) = three_shares().await;
    let slow = serde_json::json!([{ "kind": "stall", "seconds": 5, "operations": ["UploadPart"] }]);
    model.faults(slow).await;
    let contender = fan_out(DIVISION, |_| Fate::Ends(ended()));
    let made = model.archive(&contender, FILES, Limit::default()).await;
    let failure = made.expect_err("no worker lives").to_string();
    assert!(failure.contains("3 workers in a row") && failure.contains("signal: killed"), "{failure}");
    model.faults(serde_json::json!([])).await;
    model.has_nothing().await;
}

#[tokio::test]
async fn where_lambda_has_no_room_the_first_invocation_sends_everything() {
    let made = made(DIVISION, |_| throttled()).await;
    assert_eq!((&made["shares"], &made["invocations"]), (&3.into(), &1.into()), "{made}");
}

#[tokio::test]
async fn where_the_function_may_not_invoke_itself_it_sends_everything() {
    let refused = |_: usize| Fate::Ends(InvokeError::Refused("AccessDeniedException".to_owned()));
    let made = made(DIVISION, refused).await;
    assert_eq!(made["invocations"], 1, "{made}");
}

#[tokio::test]
async fn a_throttled_worker_s_share_is_sent_when_there_is_room() {
    let made = made(DIVISION, |number| if number == 1 { throttled() } else { Fate::Answers }).await;
    let invocations = made["invocations"].as_u64().unwrap();
    assert!((2..=3).contains(&invocations), "an invocation that Lambda refuses is none: {made}");
}

#[tokio::test]
async fn shares_that_lambda_takes_no_message_of_are_sent_here() {
    let division = Division { max_message: 100, ..DIVISION };
    let made = made(division, |_| panic!("Lambda would refuse it")).await;
    assert_eq!((&made["shares"], &made["invocations"]), (&3.into(), &1.into()), "{made}");
}

#[tokio::test]
async fn an_archive_is_given_up_in_time_whatever_workers_do() {
    let limit = Limit { time: Duration::from_secs(2), ..Limit::default() };
    let failure = failure(|_| Fate::Hangs, limit).await;
    assert!(failure.contains("raise the function's timeout"), "{failure}");
}

#[tokio::test]
async fn what_is_wrong_with_the_archive_is_told_at_once() {
    fn changed(number: usize) -> Fate {
        assert!(number < 2, "another worker could do nothing better");
        let message = "a source object changed while the archive was made".to_owned();
        Fate::Ends(InvokeError::Failed { kind: "ArchiveError".to_owned(), message })
    }
    let failure = failure(changed, Limit::default()).await;
    assert_eq!(failure, "a source object changed while the archive was made");
}

/// The name by which the first invocation knows that an error is the archive's.
#[test]
fn lambda_reports_an_archive_s_error_by_its_name() {
    let failure = Failure::from(contender_kit::ArchiveError::Terminated);
    assert!(matches!(reported(failure), InvokeError::Failed { kind, .. } if kind == "ArchiveError"));
}
