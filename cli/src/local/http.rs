//! Plain requests to servers on this machine. They ignore the shell's proxies.

use std::time::Duration;

use ureq::Agent;

/// A client whose requests end after this time; without one they never do.
pub fn agent(timeout: Option<Duration>) -> Agent {
    Agent::config_builder().timeout_global(timeout).proxy(None).build().new_agent()
}

/// Whether a server answers this URL with success.
pub fn responds(url: &str) -> bool {
    agent(Some(Duration::from_secs(2))).get(url).call().is_ok()
}
