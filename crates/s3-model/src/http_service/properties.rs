//! Requests that nobody should send: each is answered, and none with an error of the model's own. `PROPTEST_CASES` tries more.

use std::sync::LazyLock;

use http::Request;
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::sample::select;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::ops::Model;
use crate::store::Store;

/// A model that asks for no signature, with a bucket and an object.
struct World {
    service: HttpService,
    runtime: Runtime,
    _data: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let data = tempfile::tempdir().unwrap();
    let mut builder = S3ServiceBuilder::new(Model::new(Store::open(data.path()).unwrap().into()));
    builder.set_host(LocalHosts);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World { service: HttpService::new(builder.build()), runtime, _data: data };
    for (path, body) in [("/bucket", ""), ("/bucket/key", "x")] {
        let length = [("content-length".to_owned(), body.len().to_string())];
        let (status, _) = world.answer("PUT", path, &length, body.into()).unwrap();
        assert_eq!(status, 200, "{path}");
    }
    world
});

impl World {
    /// Status and body; none if it is no request at all.
    fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Option<(u16, Bytes)> {
        let mut request = Request::builder().method(method).uri(target).header("host", "127.0.0.1:9000");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(s3s::Body::from(Bytes::from(body))).ok()?;
        let answer = async {
            let response = self.service.call(request).await.expect("an answer");
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            (status, body.unwrap_or_default())
        };
        Some(self.runtime.block_on(answer))
    }
}

const QUERIES: [&str; 24] = [
    "",
    "delete",
    "uploads",
    "uploadId=x",
    "uploadId=x&partNumber=1",
    "tagging",
    "lifecycle",
    "policy",
    "encryption",
    "cors",
    "publicAccessBlock",
    "ownershipControls",
    "notification",
    "versioning",
    "acl",
    "location",
    "attributes",
    "versions",
    "list-type=2",
    "list-type=2&encoding-type=url",
    "max-keys=-1",
    "policyStatus",
    "partNumber=1",
    "select&select-type=2",
];
const ELEMENTS: [&str; 14] = [
    "Delete",
    "Object",
    "Key",
    "Quiet",
    "VersionId",
    "ETag",
    "CompleteMultipartUpload",
    "Part",
    "PartNumber",
    "Tagging",
    "TagSet",
    "Tag",
    "Value",
    "Rule",
];
const HEADERS: [&str; 20] = [
    "range",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-copy-source-if-match",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "content-md5",
    "x-amz-checksum-crc32",
    "x-amz-checksum-sha256",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-type",
    "x-amz-tagging",
    "x-amz-meta-a",
    "x-amz-decoded-content-length",
    "x-amz-content-sha256",
    "content-encoding",
    "x-amz-mp-object-size",
    "x-amz-object-attributes",
    "x-amz-max-parts",
];
const VALUES: [&str; 18] = [
    "",
    "0",
    "-1",
    "18446744073709551616",
    "bytes=0-0",
    "bytes=9-1",
    "bytes=-",
    "bucket/key",
    "/bucket/%",
    "bucket/%00",
    "bucket/../key",
    "CRC32",
    "FULL_OBJECT",
    "AAAAAA==",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "a=b&a=b",
    "*",
    "aws-chunked",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(&VALUES[..]).prop_map(str::to_owned), 1 => "[ -~]{0,20}"]
}

/// XML that is more or less what operations take.
fn xml() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ -~]{0,12}".prop_map(|text| text.replace(['<', '&'], "")),
        select(
            &[
                "&#13;",
                "&#x1;",
                "&#xfffe;",
                "&amp;",
                "&nope;",
                "&#99999999;",
                "\r",
                "\u{1}",
                "<![CDATA[a]]>",
                "1",
                "-1"
            ][..]
        )
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let element = text.prop_recursive(4, 24, 4, |inner| {
        (select(&ELEMENTS[..]), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, content)| format!("<{name}>{}</{name}>", content.concat()))
    });
    (element, any::<bool>())
        .prop_map(|(xml, cut)| if cut { xml.chars().take(xml.len() / 2).collect() } else { xml })
}

proptest! {
    #[test]
    fn every_request_is_answered_and_none_with_an_error_of_the_model(
        method in select(&["GET", "PUT", "POST", "DELETE", "HEAD"][..]),
        path in prop_oneof![
            3 => select(&["/", "/bucket", "/bucket/", "/bucket/key", "/bucket/../key", "/bucket/a%2F..%2f..%2Fb", "/bucket/%ff", "/b"][..])
                .prop_map(str::to_owned),
            1 => "/bucket/[a-z%./0-9]{0,12}",
        ],
        query in prop_oneof![4 => select(&QUERIES[..]).prop_map(str::to_owned), 1 => "[a-zA-Z=&%0-9-]{0,24}"],
        headers in prop::collection::vec((select(&HEADERS[..]).prop_map(str::to_owned), value()), 0..4),
        body in prop_oneof![3 => xml().prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..64)],
        length in prop_oneof![8 => Just(None), 1 => (0..100_usize).prop_map(Some)],
    ) {
        let mut headers = headers;
        headers.push(("content-length".to_owned(), length.unwrap_or(body.len()).to_string()));
        let target = format!("{path}?{query}");
        // The bucket goes only if a request is exactly for that, and comes again.
        WORLD.answer("PUT", "/bucket", &[], Vec::new());
        if let Some((status, answer)) = WORLD.answer(method, &target, &headers, body) {
            let said = String::from_utf8_lossy(&answer);
            prop_assert!(status != 500 && status < 504, "{method} {target} {headers:?}: {status} {said}");
            if said.contains("<Error>") {
                prop_assert!(said.contains("<Message>"), "{said}");
            }
        }
    }
}

/// Readers that go into each element by a call of their own would end here.
#[test]
fn deep_xml_is_refused_as_any_other() {
    for (path, name) in
        [("/bucket?delete", "Object"), ("/bucket?tagging", "TagSet"), ("/bucket?lifecycle", "Rule")]
    {
        let body = format!("<{name}>").repeat(300_000).into_bytes();
        let method = if path.ends_with("delete") { "POST" } else { "PUT" };
        let length = [("content-length".to_owned(), body.len().to_string())];
        let (status, _) = WORLD.answer(method, path, &length, body).unwrap();
        assert_eq!(status, 400, "{path}");
    }
}
