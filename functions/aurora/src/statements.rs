//! The statements of `sql/aurora/statements/`; each file says what its statement does.

lambda_kit::statements! {
    "aurora";
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
