//! The contender on the S3 model.

use conformance::Contender;

use crate::contender::archive;
use crate::parts::Sizes;

/// So small that a few objects have parts.
const SIZES: Sizes = Sizes { part: 24 << 20, whole: 2 << 20 };

fn stream() -> Contender {
    Contender::new("stream", |job| archive(job, SIZES))
}

conformance::conformance!(stream());
