//! The statements of `sql/aurora/statements/`; each file says what its statement does.

use crate::statement::Statement;

macro_rules! statements {
    ($($name:ident = $file:literal;)*) => {
        $(
            #[doc = concat!("`sql/aurora/statements/", $file, ".sql`.")]
            pub static $name: Statement =
                Statement::new(include_str!(concat!("../../../sql/aurora/statements/", $file, ".sql")));
        )*

        #[cfg(test)]
        const ALL: &[(&str, &Statement)] = &[$(($file, &$name)),*];
    };
}

statements! {
    CONNECTIONS = "connections";
    INSERT = "insert";
    INSERT_MANY = "insert-many";
    LEDGER_BEGIN = "ledger-begin";
    LEDGER_LAST = "ledger-last";
    LEDGER_MISSING = "ledger-missing";
    SELECT = "select";
    SELECT2 = "select2";
    SETTLE_ATTEMPT = "settle-attempt";
    SETTLE_COUNT = "settle-count";
    SETTLE_LOCK = "settle-lock";
    SETTLE_RECORD = "settle-record";
    SETTLE_SOURCE = "settle-source";
    SETTLE_TIMEOUT = "settle-timeout";
    TALLY_ATTEMPTS = "tally-attempts";
    TALLY_DONE = "tally-done";
    TALLY_LATEST = "tally-latest";
    TALLY_SOURCES = "tally-sources";
    TALLY_UNSETTLED = "tally-unsettled";
    TPCB_ACCOUNT = "tpcb-account";
    TPCB_BALANCE = "tpcb-balance";
    TPCB_BRANCH = "tpcb-branch";
    TPCB_HISTORY = "tpcb-history";
    TPCB_TELLER = "tpcb-teller";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_a_statement_with_a_comment_and_is_used() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/aurora/statements");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files, ALL.iter().map(|(file, _)| format!("{file}.sql")).collect());
        for (file, statement) in ALL {
            let text = std::fs::read_to_string(format!("{folder}/{file}.sql")).unwrap();
            assert!(text.starts_with("-- "), "{file} doesn't say what it does");
            assert!(!statement.sql().is_empty() && !statement.sql().starts_with("--"), "{file}");
            assert!(!statement.named().contains('$'), "{file}: {}", statement.named());
        }
    }
}
