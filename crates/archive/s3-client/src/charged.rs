//! Requests that S3 charges for, as its price list names them.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, StatusCode};

use crate::call::Call;

/// What S3 charges for; it does not for deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charge {
    Get,
    Head,
    Put,
    Copy,
    Post,
    List,
}

const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "COPY", "POST", "LIST"];

impl Charge {
    /// None for a delete, of one object or of many, and for the end of an upload.
    pub fn of(call: &Call<'_>) -> Option<Self> {
        match call.method {
            // Of a bucket, and of an upload, there is nothing else to get.
            Method::GET if call.key.is_empty() || call.query.contains("uploadId=") => Some(Self::List),
            Method::GET => Some(Self::Get),
            Method::HEAD => Some(Self::Head),
            Method::PUT if call.headers.iter().any(|(name, _)| *name == "x-amz-copy-source") => {
                Some(Self::Copy)
            }
            Method::PUT => Some(Self::Put),
            Method::POST if call.query.starts_with("delete=") => None,
            Method::POST => Some(Self::Post),
            _ => None,
        }
    }
}

/// Counts while requests are sent.
#[derive(Default)]
pub(crate) struct Counters([AtomicU64; METHODS.len()]);

impl Counters {
    /// A request is sent.
    pub fn sent(&self, charge: Option<Charge>) {
        if let Some(counter) = charge.and_then(|charge| self.0.get(charge as usize)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It is answered: S3 does not charge for what it fails to do.
    pub fn answered(&self, charge: Option<Charge>, status: StatusCode) {
        if let Some(counter) = charge.and_then(|charge| self.0.get(charge as usize))
            && status.is_server_error()
        {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub fn so_far(&self) -> Charged {
        Charged(self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed)))
    }
}

/// How many requests S3 charges for. One without an answer is among them, since S3 may have done what it asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charged([u64; METHODS.len()]);

impl Charged {
    /// Those since an earlier time.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        let mut since = self;
        for (count, before) in since.0.iter_mut().zip(before.0) {
            *count = count.saturating_sub(before);
        }
        since
    }

    /// Each kind by its name: `GET`, `HEAD`, `PUT`, `COPY`, `POST` and `LIST`.
    pub fn by_method(self) -> impl Iterator<Item = (&'static str, u64)> {
        METHODS.into_iter().zip(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(method: Method, key: &str, query: &str) -> Option<Charge> {
        Charge::of(&Call::new(method, key, query.to_owned()))
    }

    #[test]
    fn each_request_is_charged_for_as_its_price_list_says() {
        assert_eq!(charge(Method::GET, "files/a", ""), Some(Charge::Get));
        assert_eq!(charge(Method::GET, "", "list-type=2&prefix=files"), Some(Charge::List));
        assert_eq!(charge(Method::GET, "archives/a.zip", "max-parts=1&uploadId=x"), Some(Charge::List));
        assert_eq!(charge(Method::HEAD, "files/a", ""), Some(Charge::Head));
        assert_eq!(charge(Method::PUT, "archives/a.zip", "partNumber=1&uploadId=x"), Some(Charge::Put));
        assert_eq!(charge(Method::POST, "archives/a.zip", "uploads="), Some(Charge::Post));
        assert_eq!(charge(Method::POST, "", "delete="), None);
        assert_eq!(charge(Method::DELETE, "seg-temps/a", ""), None);
        let copy = Call::new(Method::PUT, "a", String::new()).header("x-amz-copy-source", "b/c");
        assert_eq!(Charge::of(&copy), Some(Charge::Copy));
    }

    #[test]
    fn what_s3_fails_to_do_is_not_charged_for() {
        let counters = Counters::default();
        for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE] {
            counters.sent(Some(Charge::Put));
            counters.answered(Some(Charge::Put), status);
        }
        counters.sent(Some(Charge::List));
        counters.sent(None);
        let counted: Vec<_> = counters.so_far().by_method().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("PUT", 2), ("LIST", 1)]);
    }

    #[test]
    fn earlier_requests_are_of_another_invocation() {
        let counters = Counters::default();
        counters.sent(Some(Charge::Get));
        let before = counters.so_far();
        counters.sent(Some(Charge::Get));
        assert_eq!(counters.so_far().since(before).by_method().next(), Some(("GET", 1)));
    }
}
