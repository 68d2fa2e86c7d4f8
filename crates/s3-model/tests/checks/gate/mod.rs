//! What surrounds the operations, tested over HTTP: faults, request rates, counters and the admin endpoint.

mod admin;
mod faults;
mod model;
mod rates;
mod raw;
mod tls;
