use super::*;

fn rule(json: &str) -> Rule {
    serde_json::from_str(json).unwrap()
}

fn faults(seed: u64, rules: &[&str]) -> Faults {
    let faults = Faults::new(seed);
    faults.set(rules.iter().map(|json| rule(json)).collect()).unwrap();
    faults
}

fn fates(faults: &Faults) -> Vec<bool> {
    (0..1_000).map(|_| faults.refuse("GetObject", Some("a")).is_some()).collect()
}

#[test]
fn a_rule_strikes_its_operations_and_keys_only() {
    let faults = faults(1, &[r#"{"kind": "503", "operations": ["GetObject"], "key": "in/*.json"}"#]);
    let struck = |operation, key| faults.refuse(operation, key).map(|fault| fault.kind);
    assert_eq!(struck("GetObject", Some("in/deep/a.json")), Some(Kind::SlowDown));
    assert_eq!(struck("GetObject", Some("in/a.txt")), None);
    assert_eq!(struck("HeadObject", Some("in/a.json")), None);
    assert_eq!(struck("GetObject", None), None, "a request without a key matches no pattern");
    assert_eq!(faults.list()[0].injected, 1);
}

#[test]
fn a_rate_strikes_its_share_and_the_same_requests_in_each_run() {
    let strike = |seed| fates(&faults(seed, &[r#"{"kind": "500", "rate": 0.3}"#]));
    let struck = strike(1).into_iter().filter(|struck| *struck).count();
    assert!((250..350).contains(&struck), "{struck}");
    assert_eq!(strike(1), strike(1));
    assert_ne!(strike(1), strike(2));
}

#[test]
fn a_count_ends_a_rule() {
    let faults = faults(1, &[r#"{"kind": "500", "count": 3}"#]);
    assert_eq!(fates(&faults).iter().position(|struck| !struck), Some(3));
    assert_eq!(faults.list()[0].injected, 3);
}

#[test]
fn what_needs_a_body_waits_for_a_response_with_one() {
    let faults = faults(1, &[r#"{"kind": "truncate", "count": 1}"#]);
    assert_eq!(faults.spoil("PutObject", Some("a"), false), None);
    assert_eq!(faults.list()[0].injected, 0);
    assert!(faults.spoil("GetObject", Some("a"), true).is_some());
}

#[test]
fn the_first_rule_that_strikes_decides() {
    let rules = [r#"{"kind": "503", "key": "b"}"#, r#"{"kind": "500"}"#];
    let faults = faults(1, &rules);
    assert_eq!(faults.refuse("GetObject", Some("a")).unwrap().kind, Kind::InternalError);
    assert_eq!(faults.refuse("GetObject", Some("b")).unwrap().kind, Kind::SlowDown);
}

#[test]
fn a_rule_that_could_never_strike_is_refused_and_the_old_ones_stay() {
    let faults = faults(1, &[r#"{"kind": "500"}"#]);
    let refused = |json| faults.set(vec![rule(json)]).unwrap_err().to_string();
    assert!(refused(r#"{"kind": "503", "operations": ["GetObjekt"]}"#).contains("GetObjekt"));
    assert!(refused(r#"{"kind": "truncate", "operations": ["PutObject"]}"#).contains("without a body"));
    assert!(refused(r#"{"kind": "503", "rate": 0}"#).contains("over 0"));
    assert!(refused(r#"{"kind": "503", "rate": 1.5}"#).contains("1.5"));
    assert!(refused(r#"{"kind": "503", "count": 0}"#).contains("count"));
    assert!(refused(r#"{"kind": "stall"}"#).contains("seconds"));
    assert!(refused(r#"{"kind": "503", "seconds": 1}"#).contains("stall"));
    assert_eq!(faults.list().len(), 1);
    assert!(serde_json::from_str::<Rule>(r#"{"kind": "503", "keys": "a"}"#).is_err(), "a misspelt field");
}
