//! From process start to the loop of invocations.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::LocalBoxFuture;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Failure;

/// Runs a function: `setup` once, then `handle` for each event with what `setup` made.
///
/// A failed setup is logged and ends the process, which Lambda reports as an initialization error.
///
/// An `async fn` is compiled in each program that awaits it, with all that it awaits. So the loop of invocations gets boxed
/// futures, as libraries return them to their programs: each is compiled once.
pub async fn run<S, E, R, Handled>(
    setup: impl Future<Output = Result<S, Failure>>,
    handle: impl Fn(Arc<S>, LambdaEvent<E>) -> Handled,
) -> ExitCode
where
    E: DeserializeOwned,
    R: Serialize,
    Handled: Future<Output = Result<R, Failure>>,
{
    trace();
    let state = match Box::pin(setup).await {
        Ok(state) => Arc::new(state),
        Err(failure) => {
            tracing::error!(%failure, "the function cannot start");
            return ExitCode::FAILURE;
        }
    };
    serve(&|LambdaEvent { payload, context }| {
        let event = serde_json::from_str(payload.get()).map(|payload| LambdaEvent { payload, context });
        let handled = event.map(|event| handle(Arc::clone(&state), event));
        Box::pin(async { Ok(serde_json::value::to_raw_value(&handled?.await?)?) })
    })
    .await
}

/// An event's JSON → the response's.
type Handler<'a> =
    dyn Fn(LambdaEvent<Box<RawValue>>) -> LocalBoxFuture<'a, Result<Box<RawValue>, Failure>> + 'a;

fn serve<'a>(handle: &'a Handler<'a>) -> LocalBoxFuture<'a, ExitCode> {
    Box::pin(async move {
        let service = service_fn(|event: LambdaEvent<Box<RawValue>>| {
            let handled = handle(event);
            async { handled.await.inspect_err(|failure| tracing::error!(%failure, "the invocation failed")) }
        });
        match lambda_runtime::run(service).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(%error, "the runtime stopped");
                ExitCode::FAILURE
            }
        }
    })
}

/// Time left to the invocation that `context` belongs to.
#[must_use]
pub fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

/// JSON lines on stdout; the runtime's span puts the request id in each.
fn trace() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").or_else(|_| std::env::var("RUST_LOG"));
    let json = tracing_subscriber::fmt::layer().json().with_current_span(true).with_span_list(false);
    tracing_subscriber::registry().with(json.with_filter(filter(level.ok().as_deref()))).init();
}

/// What is logged: a level, or levels by crate, such as `info,hyper=off`. `Targets` can do that, and an `EnvFilter`, which also
/// filters by spans and fields, would bring a regex engine into every function.
fn filter(level: Option<&str>) -> Targets {
    let level = level.unwrap_or("info").to_lowercase();
    level.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_of_lambda_s_or_levels_by_crate_say_what_is_logged() {
        for (level, debug, info) in [
            (None, false, true),
            (Some("DEBUG"), true, true),
            (Some("ERROR"), false, false),
            (Some("stream=loud"), false, true),
        ] {
            let filter = filter(level);
            assert_eq!(filter.would_enable("stream", &Level::DEBUG), debug, "{level:?}");
            assert_eq!(filter.would_enable("stream", &Level::INFO), info, "{level:?}");
        }
        let by_crate = filter(Some("info,hyper=off"));
        assert!(
            by_crate.would_enable("stream", &Level::INFO) && !by_crate.would_enable("hyper", &Level::ERROR)
        );
    }
}
