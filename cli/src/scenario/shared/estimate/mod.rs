//! What a run will cost, before it begins: the same quantities at the same prices as in its result, as far as they can be known.

mod forecast;
mod guard;
mod part;
mod past;
mod range;
mod render;
mod standing;
#[cfg(test)]
pub mod testing;

pub use forecast::{Forecast, Plan, forecast};
pub use guard::Guard;
pub use part::{Part, of_run};
pub use past::Past;
pub use range::{Bound, Range};
pub use standing::{
    Standing, bytes_by, dashboard, database, hourly, monthly, objects, scaling, stored_bytes,
};
