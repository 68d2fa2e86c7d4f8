//! The contender on the S3 model.

use conformance::Contender;
use zip_planner::PartSizes;
use zip_stream::archive;

/// So small that a few objects have parts.
const SIZES: PartSizes = PartSizes { part: 24 << 20, whole: 2 << 20 };

fn stream() -> Contender {
    Contender::new("stream", |job| archive(job, SIZES))
}

conformance::conformance!(stream());
