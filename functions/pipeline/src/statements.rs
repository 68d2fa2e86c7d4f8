//! The statements of `sql/pipeline/statements/`; each file says what its statement does.

lambda_kit::statements! {
    "pipeline";
    CONFIRM = "confirm";
    TALLY_ALL = "tally-all";
    TALLY_RUN = "tally-run";
    UPSERT = "upsert";
}
