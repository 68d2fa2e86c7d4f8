//! Measures the S3 model: `make bench-s3-model`. It needs 16 GB of disk in the folder for temporary files, except for `bench
//! speed`, which leaves all but the costs of requests and bytes out.

mod http;
mod model;
mod speed;
mod store;
mod timing;

use std::process::ExitCode;

/// A number that has been measured, and what it is to reach.
pub struct Measured {
    what: &'static str,
    value: f64,
    unit: &'static str,
    limit: Limit,
}

/// What a number is to reach.
pub enum Limit {
    /// It, or more.
    AtLeast(f64),
    /// It, or less.
    AtMost(f64),
}

impl Measured {
    fn is_reached(&self) -> bool {
        match self.limit {
            Limit::AtLeast(limit) => self.value >= limit,
            Limit::AtMost(limit) => self.value <= limit,
        }
    }

    fn print(&self) {
        let (sign, limit) = match self.limit {
            Limit::AtLeast(limit) => ('≥', limit),
            Limit::AtMost(limit) => ('≤', limit),
        };
        let verdict = if self.is_reached() { "" } else { "  NOT REACHED" };
        let Self { what, value, unit, .. } = self;
        println!("{what:<44} {value:>10.2} {unit:<12} {sign} {limit}{verdict}");
    }
}

/// A count, exactly: none here comes near 2^53.
#[allow(clippy::cast_precision_loss)]
fn real(count: usize) -> f64 {
    count as f64
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut all_reached = true;
    let mut show = |measured: Vec<Measured>| {
        for measured in measured {
            measured.print();
            all_reached &= measured.is_reached();
        }
    };
    show(speed::measure().await);
    if std::env::args().nth(1).is_none_or(|only| only != "speed") {
        // Before 15 GB are written: a disk that still writes them may take a put's bytes later than they come.
        show(timing::measure().await);
        show(store::measure().await);
    }
    if all_reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
