//! Commands about a stack, as typed, with a `pulumi` that is one of the test's.

mod checkout;
mod estimate;
mod live;
mod logs;
mod plan;
