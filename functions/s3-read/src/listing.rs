//! The bucket's objects, page by page, from any key on.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;
use lambda_kit::{Failure, decode_key};

/// What ends a folder's name.
const DELIMITER: &str = "/";
/// Pages that are asked for the folders of one, at most: 1,000 each.
const MAX_FOLDER_PAGES: usize = 4;

/// A bucket's objects, or those of them whose keys start with a prefix and come no later than a last one.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// The bucket.
    pub bucket: &'a str,
    /// What the keys start with.
    pub prefix: &'a str,
    /// The last one; none for all.
    pub until: Option<&'a str>,
    /// Counts the requests.
    pub requests: &'a AtomicU64,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The whole key.
    pub key: String,
    /// Size, bytes.
    pub size: u64,
    /// When it was written, seconds since 1970.
    pub modified: i64,
}

/// Objects in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Whether there are others behind them.
    pub has_more: bool,
}

impl Listing<'_> {
    /// The next objects behind a key. A key, unlike S3's own token, is good for places within a page, too.
    ///
    /// # Errors
    /// S3's, once the retries are used up.
    pub async fn page(&self, after: &str) -> Result<Page, Failure> {
        let Self { client, bucket, prefix, until, requests } = self;
        requests.fetch_add(1, Ordering::Relaxed);
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        // Keys may hold what XML cannot.
        let request =
            client.list_objects_v2().bucket(*bucket).prefix(*prefix).encoding_type(EncodingType::Url);
        let answer = request.set_start_after(after).send().await;
        let answer =
            answer.map_err(|error| Failure::aws(format_args!("list s3://{bucket}/{prefix}"), &error))?;
        let (encoding, has_more) = (answer.encoding_type, answer.is_truncated.unwrap_or_default());
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: decode_key(object.key.unwrap_or_default(), encoding.as_ref()),
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            modified: object.last_modified.map_or(i64::MAX, |modified| modified.secs()),
        });
        let mut page = Page { objects: objects.collect(), has_more };
        page.end_with(*until);
        Ok(page)
    }

    /// The folders right in a folder whose name ends with the delimiter, or in the bucket, in the order of their names; of more than
    /// some thousand, the first ones.
    ///
    /// # Errors
    /// S3's, once the retries are used up.
    pub async fn folders(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let Self { client, bucket, requests, .. } = self;
        let (mut folders, mut token) = (Vec::new(), None);
        for _ in 0..MAX_FOLDER_PAGES {
            requests.fetch_add(1, Ordering::Relaxed);
            let request = client.list_objects_v2().bucket(*bucket).prefix(folder).delimiter(DELIMITER);
            let request = request.encoding_type(EncodingType::Url).set_continuation_token(token);
            let answer = request.send().await.map_err(|error| {
                Failure::aws(format_args!("list the folders in s3://{bucket}/{folder}"), &error)
            })?;
            let (encoding, found) = (answer.encoding_type, answer.common_prefixes.unwrap_or_default());
            let is_flat = found.is_empty();
            let names = found.into_iter().filter_map(|one| one.prefix);
            folders.extend(names.map(|name| decode_key(name, encoding.as_ref())));
            token = answer.next_continuation_token;
            // Where only objects follow, there are as many pages as their listing has.
            if is_flat || token.is_none() {
                break;
            }
        }
        Ok(folders)
    }
}

impl Page {
    /// Leaves out what is behind a last key.
    fn end_with(&mut self, last: Option<&str>) {
        let Some(last) = last else { return };
        let within = self.objects.partition_point(|object| object.key.as_str() <= last);
        self.has_more &=
            within == self.objects.len() && self.objects.last().is_some_and(|one| one.key != last);
        self.objects.truncate(within);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(keys: &[&str], has_more: bool) -> Page {
        let object = |key: &&str| Listed { key: (*key).to_owned(), size: 1, modified: 0 };
        Page { objects: keys.iter().map(object).collect(), has_more }
    }

    #[test]
    fn a_page_ends_with_the_last_key_and_nothing_follows_it() {
        let ended = |last: Option<&str>| {
            let mut page = page(&["a", "b", "d"], true);
            page.end_with(last);
            (page.objects.len(), page.has_more)
        };
        assert_eq!([None, Some("e")].map(ended), [(3, true); 2]);
        assert_eq!(
            [Some("d"), Some("c"), Some("b"), Some("A")].map(ended),
            [(3, false), (2, false), (2, false), (0, false)]
        );
        let mut empty = page(&[], false);
        empty.end_with(Some("a"));
        assert_eq!(empty, page(&[], false));
    }
}
