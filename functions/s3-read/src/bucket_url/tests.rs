use proptest::prelude::*;

use super::*;

const BASE: &str = "https://shop.s3.eu-west-1.amazonaws.com/";

fn key(base: &str, url: &str) -> Option<String> {
    BucketUrl::new(base, "shop").unwrap().key_of(&url.parse().ok()?)
}

#[test]
fn both_styles_of_the_regions_addresses_are_the_bucket() {
    for url in [
        "https://shop.s3.eu-west-1.amazonaws.com/a/b%20%2B+%C3%BC.bin?X-Amz-Signature=1",
        "https://s3.eu-west-1.amazonaws.com/shop/a/b%20%2B+%C3%BC.bin?X-Amz-Signature=1",
        "HTTPS://SHOP.S3.eu-west-1.amazonaws.com/a/b%20%2B+%C3%BC.bin",
    ] {
        assert_eq!(key(BASE, url).as_deref(), Some("a/b ++ü.bin"), "{url}");
    }
}

#[test]
fn a_bucket_whose_name_has_dots_is_known_by_its_path() {
    let base = "https://s3.eu-west-1.amazonaws.com/my.shop/";
    let bucket_url = BucketUrl::new(base, "my.shop").unwrap();
    assert_eq!(bucket_url.key_of(&format!("{base}a").parse().unwrap()).as_deref(), Some("a"));
}

#[test]
fn the_oldest_region_is_also_known_without_its_name() {
    let base = "https://shop.s3.us-east-1.amazonaws.com/";
    for url in ["https://shop.s3.amazonaws.com/a", "https://s3.amazonaws.com/shop/a"] {
        assert_eq!(key(base, url).as_deref(), Some("a"), "{url}");
        assert_eq!(key(BASE, url), None, "elsewhere S3 only redirects from {url}");
    }
}

#[test]
fn an_endpoint_of_ones_own_is_taken_as_it_is() {
    let base = "http://127.0.0.1:4566/shop/";
    assert_eq!(key(base, "http://127.0.0.1:4566/shop/a").as_deref(), Some("a"));
    for url in [
        "http://127.0.0.1:4567/shop/a",
        "https://127.0.0.1:4566/shop/a",
        "http://127.0.0.1:4566/other/a",
        "http://127.0.0.1:4566/2015-03-31/functions/f/invocations",
        "http://127.0.0.1:4566/shop/../2015-03-31/functions",
        "http://shop.127.0.0.1:4566/a",
        "https://shop.s3.eu-west-1.amazonaws.com/a",
    ] {
        assert_eq!(key(base, url), None, "{url}");
    }
}

#[test]
fn nothing_else_is_fetched() {
    for url in [
        "http://shop.s3.eu-west-1.amazonaws.com/a",
        "https://shop.s3.eu-west-2.amazonaws.com/a",
        "https://other.s3.eu-west-1.amazonaws.com/a",
        "https://s3.eu-west-1.amazonaws.com/other/a",
        "https://s3.eu-west-1.amazonaws.com/shop2/a",
        "https://s3.eu-west-1.amazonaws.com/shop/%2e%2e/other/a",
        "https://s3.eu-west-1.amazonaws.com/shop/a/..%2f../../other/a",
        "https://s3.eu-west-1.amazonaws.com/shop",
        "https://s3.eu-west-1.amazonaws.com/shop/?list-type=2",
        "https://shop.s3.eu-west-1.amazonaws.com/?list-type=2",
        "https://shop.s3.eu-west-1.amazonaws.com@evil.example/a",
        "https://user@shop.s3.eu-west-1.amazonaws.com/a",
        "https://shop.s3.eu-west-1.amazonaws.com.evil.example/a",
        "https://shop.s3.eu-west-1.amazonaws.com:8443/a",
        "https://shop.s3.eu-west-1.amazonaws.com./a",
        "https://evil.example/#@shop.s3.eu-west-1.amazonaws.com/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:9001/2018-06-01/runtime/invocation/next",
        "file:///etc/passwd",
        "/shop/a",
        "shop.s3.eu-west-1.amazonaws.com/a",
        "",
    ] {
        assert_eq!(key(BASE, url), None, "{url}");
    }
}

#[test]
fn a_key_may_hold_dots_that_lead_nowhere_else() {
    for (path, expected) in [("a/../b", "a/../b"), ("./a", "./a"), ("..a", "..a"), ("a//b", "a//b")] {
        assert_eq!(key(BASE, &format!("{BASE}{path}")).as_deref(), Some(expected));
    }
}

proptest! {
    /// Whatever a URL looks like, it is only taken if it starts as the bucket's do.
    #[test]
    fn only_urls_of_the_bucket_are_taken(
        scheme in prop_oneof!["https?", "[a-z]{2,5}"],
        user in "([a-z.]{1,6}@)?",
        host in prop_oneof![
            "(shop\\.)?s3\\.eu-west-1\\.amazonaws\\.com",
            "shop\\.s3\\.eu-west-1\\.amazonaws\\.com[.@a-z]{1,5}",
            "[a-z0-9.\\[\\]:-]{1,24}",
        ],
        port in "(:[0-9]{1,5})?",
        path in "(/|/shop|/shop/)?[a-z./%2eE\\\\-]{0,16}(\\?[a-z=]{0,6})?",
    ) {
        let url = format!("{scheme}://{user}{host}{port}{path}");
        if key(BASE, &url).is_some() {
            let is_ours = url.starts_with(BASE) || url.starts_with("https://s3.eu-west-1.amazonaws.com/shop/");
            prop_assert!(is_ours, "{url}");
        }
    }

    /// Every key comes back from its URL, or is one that a path leads out of the bucket with.
    #[test]
    fn a_key_comes_back_from_its_url(text in "\\PC{1,40}") {
        let url = crate::presign::url_of(BASE, &text);
        let expected = stays_inside(&text).then(|| text.clone());
        prop_assert_eq!(key(BASE, &url), expected);
    }
}
