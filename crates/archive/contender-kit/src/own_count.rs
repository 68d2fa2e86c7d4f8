//! A contender's own count of its requests to S3, which the contest reads where nobody else counts them.

use s3_client::Charged;

/// Logs the requests of an invocation, in the form that docs/contenders.md describes.
pub fn log(charged: Charged) {
    println!("{}", line(charged));
}

fn line(charged: Charged) -> String {
    let counts: Vec<_> = charged.by_method().map(|(method, count)| format!("\"{method}\":{count}")).collect();
    format!("{{\"lambench\":{{\"s3Requests\":{{{}}}}}}}", counts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_every_kind_of_request() {
        let expected = r#"{"lambench":{"s3Requests":{"GET":0,"HEAD":0,"PUT":0,"COPY":0,"POST":0,"LIST":0}}}"#;
        assert_eq!(line(Charged::default()), expected);
    }
}
