//! What S3 answers, asked of the model; `checks/` asks the same with boto3. One program, since each links the S3 SDK.

mod awkward_keys;
mod bodies;
mod buckets;
mod checksums;
mod conditional_writes;
mod conditions;
mod copying;
mod deleting;
mod gate;
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
