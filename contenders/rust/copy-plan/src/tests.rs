//! The contender on the S3 model.

use std::sync::Arc;

use aws_credential_types::Credentials;
use conformance::{Contender, FILES, Limit, Model, put, some};
use zip_planner::{Machine, Objective};

use crate::contender::archive;
use crate::settings::Settings;

const MACHINE: Machine = Machine {
    memory_mb: 128,
    gb_second_usd: 13e-6,
    write_usd: 5e-6,
    read_usd: 0.4e-6,
    bytes_per_second: 75e6,
    writes_per_second: 2_500.0,
    pack_bytes: 8 << 20,
};

fn by(objective: Objective) -> Contender {
    on(MACHINE, objective)
}

/// Large objects stand in rows where S3 takes few requests, and a function sends little.
fn in_rows() -> Contender {
    on(Machine { bytes_per_second: 1e4, writes_per_second: 0.1, ..MACHINE }, Objective::Duration)
}

fn on(machine: Machine, objective: Objective) -> Contender {
    // The job has its own.
    let s3 = s3_client::Settings {
        endpoint: None,
        region: String::new(),
        credentials: Credentials::new("", "", None, None, ""),
        concurrency: 1,
    };
    let settings = Arc::new(Settings { s3, objective, machine });
    Contender::new("copy-plan", move |job| archive(Arc::clone(&settings), job))
}

mod duration {
    conformance::conformance!(super::by(zip_planner::Objective::Duration));
}

/// Most objects are read and sent.
mod total_price {
    conformance::conformance!(
        super::by(zip_planner::Objective::TotalPrice);
        all_inputs_become_archives, faults_are_overcome, wrong_bytes_are_noticed,
    );
}

mod rows {
    conformance::conformance!(
        super::in_rows();
        all_inputs_become_archives, faults_are_overcome, wrong_bytes_are_noticed,
    );
}

/// Whoever chooses an objective by the plan's figures gets what they say.
#[tokio::test]
async fn the_plan_tells_all_requests() {
    let model = Model::start().await;
    let mut sizes = some(FILES, 9, 6 << 20);
    sizes.extend(some("files/small", 9, 3 << 20).into_iter().map(|(key, size)| (key + "s", size)));
    sizes.extend(some("files/tiny", 20, 2_000).into_iter().map(|(key, size)| (key + "t", size)));
    put(&model.s3, &sizes).await;
    for objective in [Objective::Duration, Objective::LambdaPrice, Objective::TotalPrice] {
        let made = model.archive(&by(objective), FILES, Limit::default()).await.unwrap();
        assert_eq!(made["planned_requests"], made["requests"], "{objective:?}: {made}");
    }
    let made = model.archive(&in_rows(), FILES, Limit::default()).await.unwrap();
    assert_eq!(made["planned_requests"], made["requests"], "in rows: {made}");
    let others = model.archive(&by(Objective::Duration), FILES, Limit::default()).await.unwrap();
    assert!(made["planned_writes"].as_u64() < others["planned_writes"].as_u64(), "{made} {others}");
}
