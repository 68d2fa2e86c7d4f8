//! What `lambench init contender rust/…` makes does what every contender has to.

#[path = "../examples/simple/contender.rs"]
mod contender;

use conformance::Contender;

fn simple() -> Contender {
    Contender::new("simple", contender::archive)
}

conformance::conformance!(simple());
