//! Where the bucket is, in URLs: what the generator signs, and all that the reader fetches.

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use lambda_kit::Failure;
use percent_encoding::percent_decode_str;

use std::time::Duration;

/// A key that the bucket's address is asked with.
const PROBE: &str = "k";
/// The name of a region's S3 that only this region still has without its own name in it.
const OLDEST: &str = "us-east-1";

/// The addresses of a bucket.
#[derive(Debug, Clone)]
pub struct BucketUrl {
    base: String,
    prefixes: Vec<UrlPrefix>,
}

/// What URLs start with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UrlPrefix {
    scheme: Scheme,
    authority: Authority,
    /// Starts and ends with `/`.
    path: String,
}

/// A bucket's address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the bucket's address {0} cannot be signed")]
pub struct InvalidAddress(String);

impl BucketUrl {
    /// The bucket as `client` reaches it, and by the other style of S3's addresses.
    ///
    /// # Errors
    /// If the client has no region or no credentials.
    pub async fn find(client: &Client, bucket: &str) -> Result<Self, Failure> {
        let validity = PresigningConfig::expires_in(Duration::from_secs(1))?;
        // The SDK knows partitions, endpoints from the environment and which buckets have host names: no request is sent.
        let request = client.get_object().bucket(bucket).key(PROBE).presigned(validity).await;
        let request =
            request.map_err(|error| Failure::aws(format_args!("find the bucket {bucket}"), &error))?;
        let url = request.uri().split('?').next().unwrap_or_default();
        let base = url.strip_suffix(PROBE).ok_or_else(|| InvalidAddress(url.to_owned()))?;
        Ok(Self::new(base, bucket)?)
    }

    /// A bucket by its address, with the other style's beside it.
    ///
    /// # Errors
    /// If it is no URL that ends in `/`.
    pub fn new(base: &str, bucket: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(base.to_owned());
        let parts = base.parse::<Uri>().map_err(|_| invalid())?.into_parts();
        let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::path).to_owned();
        let (Some(scheme), Some(authority), true) = (parts.scheme, parts.authority, path.ends_with('/'))
        else {
            return Err(invalid());
        };
        let mut prefixes = vec![UrlPrefix { scheme, authority, path }];
        prefixes.extend(other_style(&prefixes[0], bucket));
        let oldest: Vec<_> = prefixes.iter().filter_map(UrlPrefix::without_region).collect();
        prefixes.extend(oldest);
        Ok(Self { base: base.to_owned(), prefixes })
    }

    /// What URLs of the bucket's objects start with.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The key of the object that a URL names; none if it is not one of this bucket.
    #[must_use]
    pub fn key_of(&self, url: &Uri) -> Option<String> {
        let path = self.prefixes.iter().find_map(|prefix| prefix.rest_of(url))?;
        let key = percent_decode_str(path).decode_utf8().ok()?.into_owned();
        (!key.is_empty() && stays_inside(&key)).then_some(key)
    }
}

impl UrlPrefix {
    /// What follows in a URL that starts with it.
    fn rest_of<'a>(&self, url: &'a Uri) -> Option<&'a str> {
        // The whole authority is compared, so that neither user names nor ports get by.
        let is_here = url.scheme() == Some(&self.scheme) && url.authority() == Some(&self.authority);
        url.path().strip_prefix(self.path.as_str()).filter(|_| is_here)
    }

    fn without_region(&self) -> Option<Self> {
        let name = self.authority.as_str();
        let short = name.replace(&format!("s3.{OLDEST}.amazonaws.com"), "s3.amazonaws.com");
        (short != name).then(|| self.at(&short, self.path.clone())).flatten()
    }

    fn at(&self, authority: &str, path: String) -> Option<Self> {
        Some(Self { scheme: self.scheme.clone(), authority: authority.parse().ok()?, path })
    }
}

/// S3 has each bucket at two addresses; an endpoint of one's own only at the one it was set up with.
fn other_style(prefix: &UrlPrefix, bucket: &str) -> Option<UrlPrefix> {
    let name = prefix.authority.as_str();
    if let Some(host) = name.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.')) {
        return prefix.at(host, format!("/{bucket}/"));
    }
    let is_of_aws = name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn");
    is_of_aws.then(|| prefix.at(&format!("{bucket}.{name}"), "/".to_owned())).flatten()
}

/// Whether a key stays in its bucket: it has no more parts `..` than others before them. S3 refuses requests for all other keys
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>), so no object has one.
#[must_use]
pub fn stays_inside(key: &str) -> bool {
    let mut depth = 0;
    key.split('/').all(|part| {
        depth += match part {
            ".." => -1,
            "" | "." => 0,
            _ => 1,
        };
        depth >= 0
    })
}

#[cfg(test)]
mod tests;
