//! `GetObject` and `HeadObject`.

use std::ops::Range as Bytes;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::conditions::{self, Conditions};
use super::{Model, body, checksum, count, encryption, etag, headers, size, timestamp};
use crate::rules;
use crate::store::Object;

/// What of an object is read.
struct Selection {
    bytes: Bytes<u64>,
    /// Whether only a part of it was asked for.
    is_partial: bool,
    /// How many parts it has, if one of them was asked for.
    parts: Option<usize>,
}

pub fn get_object(
    model: &Model,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let mut input = request.input;
    rules::version(input.version_id.as_deref())?;
    let conditions = conditions::of_read!(input);
    let mode = input.checksum_mode.as_ref();
    let (object, selection) =
        select(model, (&input.bucket, &input.key), &conditions, input.range, input.part_number)?;
    let mut output = GetObjectOutput::default();
    show(&mut Shown::Get(&mut output), &object, &selection, mode);
    let tags = object.info.tags.len();
    output.tag_count = (tags > 0).then(|| count(tags));
    output.body = Some(body::send(object.rope.slice(selection.bytes.clone())));
    Ok(S3Response::new(output))
}

pub fn head_object(
    model: &Model,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let mut input = request.input;
    rules::version(input.version_id.as_deref())?;
    let conditions = conditions::of_read!(input);
    let mode = input.checksum_mode.as_ref();
    let (object, selection) =
        select(model, (&input.bucket, &input.key), &conditions, input.range, input.part_number)?;
    let mut output = HeadObjectOutput::default();
    show(&mut Shown::Head(&mut output), &object, &selection, mode);
    Ok(S3Response::new(output))
}

fn select(
    model: &Model,
    (bucket, key): (&str, &str),
    conditions: &Conditions,
    range: Option<Range>,
    part: Option<i32>,
) -> S3Result<(Arc<Object>, Selection)> {
    let object = model.object(bucket, key)?;
    conditions.check_read(&object)?;
    let selection = match (range, part) {
        (Some(_), Some(_)) => {
            return Err(s3_error!(
                InvalidRequest,
                "Cannot specify both Range header and partNumber query parameter"
            ));
        }
        (Some(range), None) => of_range(&object, range)?,
        (None, Some(number)) => of_part(&object, number)?,
        (None, None) => Selection { bytes: 0..object.rope.len(), is_partial: false, parts: None },
    };
    Ok((object, selection))
}

fn of_range(object: &Object, range: Range) -> S3Result<Selection> {
    let len = object.rope.len();
    let bytes = range.check(len).ok().filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
        let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
        if let Ok(value) = HeaderValue::try_from(format!("bytes */{len}")) {
            error.set_headers(HeaderMap::from_iter([(http::header::CONTENT_RANGE, value)]));
        }
        error
    })?;
    Ok(Selection { bytes, is_partial: true, parts: None })
}

/// A part by its number. An object that came in one piece is its own part 1.
fn of_part(object: &Object, number: i32) -> S3Result<Selection> {
    let wanted = rules::part_number(number)?;
    let missing = || {
        rules::error(
            http::StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidPartNumber",
            "The requested partnumber is not satisfiable",
        )
    };
    let Some(parts) = &object.parts else {
        let bytes = 0..object.rope.len();
        return if wanted == 1 {
            Ok(Selection { is_partial: !bytes.is_empty(), bytes, parts: None })
        } else {
            Err(missing())
        };
    };
    // S3 counts from 1 whatever the numbers were that the parts were uploaded under.
    let index = usize::from(wanted) - 1;
    let part = parts.get(index).ok_or_else(missing)?;
    let start: u64 = parts[..index].iter().map(|part| part.size).sum();
    let bytes = start..start + part.size;
    Ok(Selection { is_partial: !bytes.is_empty(), bytes, parts: Some(parts.len()) })
}

/// The two outputs that show an object the same way.
enum Shown<'a> {
    Get(&'a mut GetObjectOutput),
    Head(&'a mut HeadObjectOutput),
}

fn show(shown: &mut Shown<'_>, object: &Object, selection: &Selection, mode: Option<&ChecksumMode>) {
    macro_rules! fill {
        ($output:expr) => {{
            let bytes = &selection.bytes;
            headers::shown!($output, &object.info.headers);
            encryption::show!($output, object.info.kms_key.as_deref());
            $output.accept_ranges = Some("bytes".to_owned());
            $output.e_tag = Some(etag(&object.info.etag));
            $output.last_modified = Some(timestamp(object.info.modified));
            $output.content_length = Some(size(bytes.end - bytes.start));
            $output.content_range = selection
                .is_partial
                .then(|| format!("bytes {}-{}/{}", bytes.start, bytes.end - 1, object.rope.len()));
            $output.parts_count = selection.parts.map(count);
            if mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
                && let Some(checksum) = visible_checksum(object, selection)
            {
                checksum::show!($output, Some(checksum));
                $output.checksum_type = Some(checksum::kind(checksum.coverage));
            }
        }};
    }
    match shown {
        Shown::Get(output) => fill!(output),
        Shown::Head(output) => fill!(output),
    }
}

/// The checksum that a client could check what it gets against: that of the whole, or of the part asked for.
fn visible_checksum<'a>(object: &'a Object, selection: &Selection) -> Option<&'a crate::checksums::Checksum> {
    if !selection.is_partial || selection.bytes == (0..object.rope.len()) {
        return object.info.checksum.as_ref();
    }
    let parts = selection.parts.and(object.parts.as_ref())?;
    let mut end = 0;
    let part = parts.iter().find(|part| {
        end += part.size;
        end == selection.bytes.end
    });
    part?.checksum.as_ref()
}
