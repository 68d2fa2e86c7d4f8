//! What a worker is asked for, and what it refuses.

use zip_planner::ShareSizes;

use super::*;

const SIZES: ShareSizes = ShareSizes { least: 1_000, part: 4_000, whole: 300 };

type Change<'a> = &'a dyn Fn(&mut Message);

fn request() -> Request {
    Request {
        bucket_name: "bucket".to_owned(),
        files_prefix: "files/".to_owned(),
        archive_key: "archives/run/rust-fan-out-0.zip".to_owned(),
    }
}

fn objects(sizes: &[u64]) -> Vec<Object> {
    let object =
        |(n, &size): (usize, &u64)| Object { key: format!("files/{n:03}"), size, etag: format!("\"{n}\"") };
    sizes.iter().enumerate().map(object).collect()
}

/// Shares of objects, one of which is divided, and their messages.
fn shares() -> (Layout, Vec<Share>, Vec<Message>) {
    let objects = objects(&[200, 0, 250, 9_000, 0, 100, 280, 290, 300, 300, 300, 300]);
    let layout = Layout::new(entries(&objects), (0..objects.len()).collect(), &Limits::S3).unwrap();
    let shares = SIZES.divide(&layout, 4, &Limits::S3);
    assert_eq!(shares.len(), 4);
    let message =
        |share| Message { seconds: 60.0, ..Message::new(&request(), "up.load-id", &objects, share) };
    let messages = shares.iter().map(message).collect();
    (layout, shares, messages)
}

/// The worker computes the same bytes from the message as the first invocation planned.
#[test]
fn a_message_tells_a_worker_its_share_exactly() {
    let (layout, shares, messages) = shares();
    for (share, message) in shares.iter().zip(messages) {
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
        message.check().unwrap();
        assert_eq!(message.first_part, share.first_part);
        let (first, theirs) = (entries_of(share).start, message.layout().unwrap());
        let here = |piece: &Piece| match piece {
            Piece::Header(entry) => layout.header(*entry, 7),
            Piece::Body { entry, range } => format!("{entry} {range:?}").into_bytes(),
            _ => unreachable!(),
        };
        let there = |piece: &Piece| match piece {
            Piece::Header(entry) => theirs.header(*entry, 7),
            Piece::Body { entry, range } => format!("{} {range:?}", first + entry).into_bytes(),
            _ => unreachable!(),
        };
        let ours: Vec<Vec<_>> = share.parts.iter().map(|part| part.iter().map(here).collect()).collect();
        let pieces = message.pieces();
        let theirs: Vec<Vec<_>> = pieces.iter().map(|part| part.iter().map(there).collect()).collect();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn a_worker_does_nothing_for_a_foreign_payload() {
    let message = shares().2.swap_remove(0);
    let refused = |change: Change| {
        let mut message = message.clone();
        change(&mut message);
        message.check().unwrap_err().to_string()
    };
    for bucket in ["", "a", "evil.example/x", "user@host", "a:80", "Bucket", "-bucket", "bucket.", "b\nucket"]
    {
        let said = refused(&|message| message.archive.bucket_name = bucket.to_owned());
        assert!(said.contains("bucket's name"), "{bucket}: {said}");
    }
    for key in ["", "archives/", "files/000", "seg-temps/x", "/archives/x"] {
        assert!(
            refused(&|message| message.archive.archive_key = key.to_owned()).contains("archives/"),
            "{key}"
        );
    }
    for id in ["", "a b", "id&partNumber=1", "id\r\nhost: evil", "http://evil:80/"] {
        assert!(refused(&|message| message.upload_id = id.to_owned()).contains("upload's id"), "{id}");
    }
    for key in ["archives/x", "files", "filesystem/x", ""] {
        let said = refused(&|message| message.objects[0].0 = key.to_owned());
        assert!(said.contains("not below the prefix"), "{key}: {said}");
    }
    let changes: [(Change, &str); 9] = [
        (&|message| message.archive.files_prefix = "/".to_owned(), "no prefix"),
        (&|message| message.seconds = 0.0, "no time"),
        (&|message| message.seconds = f64::NAN, "no time"),
        (&|message| message.first_part = 0, "no parts"),
        (&|message| message.parts.clear(), "no parts"),
        (&|message| message.first_part = 10_000, "of such numbers"),
        (&|message| message.first_part = usize::MAX, "of such numbers"),
        (&|message| message.parts[0].push((0, 3, 900)), "not one of an object"),
        (&|message| message.parts[0] = message.parts[0].repeat(2), "twice"),
    ];
    for (change, reason) in changes {
        let said = refused(change);
        assert!(said.contains(reason), "{reason}: {said}");
    }
    let large = refused(&|message| {
        message.objects[0].1 = 6 << 30;
        message.parts = vec![vec![(0, 0, 6 << 30)]];
    });
    assert!(large.contains("larger than S3 takes"), "{large}");
}

#[test]
fn an_answer_to_another_share_is_none() {
    let (_, _, messages) = shares();
    let message = &messages[0];
    let answer = Answer {
        etags: vec![String::new(); message.parts.len()],
        crcs: vec![None; message.objects.len()],
        ranges: vec![(0, 0, 200, 7)],
    };
    assert!(answer.is_to(message));
    assert!(!Answer { etags: vec![], ..answer.clone() }.is_to(message));
    assert!(!Answer { crcs: vec![], ..answer.clone() }.is_to(message));
    assert!(!Answer { ranges: vec![(0, 0, 201, 7)], ..answer.clone() }.is_to(message));
    assert!(!Answer { ranges: vec![(99, 0, 1, 7)], ..answer }.is_to(message));
}
