//! Why there is no archive.

/// Why an archive, or a share of it, was given up.
#[derive(Debug, thiserror::Error)]
pub enum FanOutError {
    /// What a worker says of the archive: no other worker could do better.
    #[error("{0}")]
    Archive(String),
    /// Workers were lost again and again.
    #[error(
        "{workers} workers in a row did not send their share of the archive, the last one because {reason}: run it again"
    )]
    Workers {
        /// How many.
        workers: u32,
        /// What is known of the last one.
        reason: String,
    },
    /// The event is no share of an archive.
    #[error("the event's share is refused, since {0}: only this function invokes itself with one")]
    Foreign(&'static str),
    /// A worker took much longer than its share should take.
    #[error("the share was not sent in {0:.1} s, so another worker may do it")]
    Slow(f64),
}
