//! What to do about errors, by the kind under which they are counted.

/// What an error of a kind means, and what to do about it.
pub fn hint(kind: &str) -> &'static str {
    match kind {
        "40001" => {
            "serialization failures: transactions changed the same rows; with fewer clients, or a larger \
             scale, that is rarer"
        }
        "40P01" => {
            "deadlocks: transactions waited for each other's rows; with fewer clients, or a larger scale, that is rarer"
        }
        "57014" => {
            "statements took longer than the stack's statementTimeoutSeconds: raise it, or lower the load"
        }
        "53300" => {
            "the database had no connections left: use fewer clients, or raise maxCapacity, which the limit \
             follows once the instances have been rebooted; with a minCapacity of 0 or 0.5 it is at most \
             2,000"
        }
        "57P01" | "57P02" | "57P03" => {
            "the database was restarted or failed over: look at the cluster's events, and run again"
        }
        "28P01" | "28000" | "credentials" => {
            "the database refused the credentials: if the secret has just been rotated, run again; otherwise deploy again"
        }
        "42P01" | "42703" => "tables are missing or from another version: deploy the stack again",
        "53100" | "53200" => "the database ran out of disk or memory: raise maxCapacity",
        "connection" => {
            "connections failed or broke: see the workers' logs; a database that is starting or failing over causes this"
        }
        "timeout" => "no answer in time: use fewer clients, or raise maxCapacity",
        "throttled" => "AWS refused requests because there were too many: use fewer clients, or lower --rate",
        _ => "see the workers' logs, and https://www.postgresql.org/docs/current/errcodes-appendix.html",
    }
}
