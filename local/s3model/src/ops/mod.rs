//! S3's operations over the store, one concept a file.

use s3s::S3;

/// The operations' implementation, shared by all connections.
pub struct Model;

impl S3 for Model {}
