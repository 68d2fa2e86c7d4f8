//! What S3 answers, asked with the AWS SDK: a file for each concept, one program for all of them.

mod bodies;
mod buckets;
mod checksums;
mod conditional_writes;
mod conditions;
mod copying;
mod deleting;
mod listing;
mod multipart;
mod multipart_checksums;
mod objects;
mod part_copies;
mod ranges;
mod settings;
mod signatures;
mod support;
mod tagging;
