//! Checksums in requests and responses.

use s3s::dto::{ChecksumAlgorithm, ChecksumType};
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};

use crate::checksums::{Algorithm, Checksum, Coverage, is_well_formed};
use crate::rules;

/// The checksum that a request carries in its headers, or refuses two.
macro_rules! given {
    ($input:expr) => {
        $crate::ops::checksum::single($crate::ops::checksum::values!($input))
    };
}
pub(super) use given;

/// The values of all checksum headers of a request.
macro_rules! values {
    ($input:expr) => {
        [
            ($crate::checksums::Algorithm::Crc32, $input.checksum_crc32.take()),
            ($crate::checksums::Algorithm::Crc32c, $input.checksum_crc32c.take()),
            ($crate::checksums::Algorithm::Crc64Nvme, $input.checksum_crc64nvme.take()),
            ($crate::checksums::Algorithm::Sha1, $input.checksum_sha1.take()),
            ($crate::checksums::Algorithm::Sha256, $input.checksum_sha256.take()),
        ]
    };
}
pub(super) use values;

/// Shows a checksum in a response.
macro_rules! show {
    ($output:expr, $checksum:expr) => {
        if let Some(checksum) = $checksum {
            let value = Some(checksum.value.clone());
            match checksum.algorithm {
                $crate::checksums::Algorithm::Crc32 => $output.checksum_crc32 = value,
                $crate::checksums::Algorithm::Crc32c => $output.checksum_crc32c = value,
                $crate::checksums::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                $crate::checksums::Algorithm::Sha1 => $output.checksum_sha1 = value,
                $crate::checksums::Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
        }
    };
}
pub(super) use show;

/// The one value that is there, if it can be one.
pub fn single(values: [(Algorithm, Option<String>); 5]) -> S3Result<Option<(Algorithm, String)>> {
    let mut given = values.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?)));
    let first = given.next();
    if given.next().is_some() {
        return Err(s3_error!(
            InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        ));
    }
    if let Some((algorithm, value)) = &first {
        check_form(*algorithm, value)?;
    }
    Ok(first)
}

fn check_form(algorithm: Algorithm, value: &str) -> S3Result<()> {
    if is_well_formed(algorithm, value) {
        return Ok(());
    }
    let header = algorithm.name().to_lowercase();
    Err(s3_error!(InvalidRequest, "Value for x-amz-checksum-{header} header is invalid."))
}

/// The algorithm of `x-amz-checksum-algorithm` or `x-amz-sdk-checksum-algorithm`.
///
/// # Errors
/// When it is none that S3 has.
pub fn algorithm(name: Option<&ChecksumAlgorithm>) -> S3Result<Option<Algorithm>> {
    name.map(|name| {
        Algorithm::from_name(name.as_str()).ok_or_else(|| {
            s3_error!(
                InvalidRequest,
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, \
                 CRC32C, CRC64NVME, SHA1, SHA256]"
            )
        })
    })
    .transpose()
}

/// S3's name of what a checksum covers.
pub fn kind(coverage: Coverage) -> ChecksumType {
    ChecksumType::from_static(coverage.name())
}

/// What a client says about the checksum of a body: before it, or behind it.
pub struct Expected {
    /// What to compute.
    pub algorithm: Option<Algorithm>,
    value: Option<String>,
    trailers: Option<TrailingHeaders>,
}

impl Expected {
    /// Of the value in the headers, the algorithm that is announced, and what may follow the body.
    pub fn new(
        given: Option<(Algorithm, String)>,
        announced: Option<Algorithm>,
        trailers: Option<TrailingHeaders>,
    ) -> Self {
        let (algorithm, value) = given.unzip();
        Self { algorithm: algorithm.or(announced), value, trailers }
    }

    /// The value that the client has for its body; only known when the body is read.
    fn value(&self) -> S3Result<Option<String>> {
        if self.value.is_some() {
            return Ok(self.value.clone());
        }
        let (Some(algorithm), Some(trailers)) = (self.algorithm, &self.trailers) else { return Ok(None) };
        let header = format!("x-amz-checksum-{}", algorithm.name().to_lowercase());
        let value = trailers.read(|headers| headers.get(&header)?.to_str().ok().map(str::to_owned)).flatten();
        let Some(value) = value else {
            let message = "The request contained trailing data that was not well-formed";
            return Err(rules::bad_request("MalformedTrailerError", message));
        };
        check_form(algorithm, &value)?;
        Ok(Some(value))
    }

    /// Compares it with what the body has.
    ///
    /// # Errors
    /// When they differ.
    pub fn verify(&self, computed: &Checksum) -> S3Result<()> {
        match self.value()? {
            Some(value) if value != computed.value => Err(rules::bad_digest(computed.algorithm.name())),
            _ => Ok(()),
        }
    }
}

/// The MD5 of a `Content-MD5` header.
///
/// # Errors
/// When it is no MD5 in Base64.
pub fn content_md5(header: Option<&str>) -> S3Result<Option<[u8; 16]>> {
    use base64::Engine;
    let Some(header) = header else { return Ok(None) };
    let bytes = base64::prelude::BASE64_STANDARD.decode(header).ok();
    let md5 = bytes.and_then(|bytes| bytes.try_into().ok());
    md5.map(Some).ok_or_else(|| {
        S3Error::with_message(S3ErrorCode::InvalidDigest, "The Content-MD5 you specified was invalid.")
    })
}
