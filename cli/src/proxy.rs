//! Proxies that a shell has for the internet, which must not get requests to this machine.

/// What this machine is called.
const LOCAL: [&str; 3] = ["127.0.0.1", "localhost", ".localhost"];
/// Variables that name a proxy, in the spellings that programs read.
const HTTP: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// Variables that name the hosts which are asked without one: some programs read this spelling, some the other.
pub const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The hosts that a shell excepts, and this machine.
pub fn exceptions(present: &str) -> String {
    let hosts: Vec<_> = hosts(present).collect();
    let missing = LOCAL.into_iter().filter(|local| !hosts.contains(local));
    hosts.iter().copied().chain(missing).collect::<Vec<_>>().join(",")
}

/// The variable that sends requests to `url`, which is on this machine, to a proxy; none if nothing does.
pub fn in_the_way(url: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<&'static str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', ':']).next().filter(|host| LOCAL.contains(host))?;
    let excepted = EXCEPTIONS.into_iter().filter_map(variable).collect::<Vec<_>>().join(",");
    let is_excepted = hosts(&excepted).any(|one| one == "*" || one == host);
    let proxies = if scheme == "https" { HTTPS } else { HTTP };
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    proxies.into_iter().find(is_set).filter(|_| !is_excepted)
}

fn hosts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_added_once_to_what_is_excepted() {
        assert_eq!(exceptions(""), "127.0.0.1,localhost,.localhost");
        assert_eq!(exceptions("a.example, localhost"), "a.example,localhost,127.0.0.1,.localhost");
        assert_eq!(exceptions(&exceptions("a.example")), exceptions("a.example"));
    }

    #[test]
    fn a_proxy_is_in_the_way_unless_the_host_is_excepted_or_elsewhere() {
        let way = |url: &str, set: &[(&str, &str)]| {
            in_the_way(url, &|name| {
                set.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let (local, proxy) = ("http://127.0.0.1:4566", ("http_proxy", "http://proxy:3128"));
        assert_eq!(way(local, &[proxy]), Some("http_proxy"));
        assert_eq!(way(local, &[("ALL_PROXY", "socks5://proxy")]), Some("ALL_PROXY"));
        assert_eq!(way("https://localhost:1/a", &[proxy, ("HTTPS_PROXY", "x")]), Some("HTTPS_PROXY"));
        for set in
            [&[][..], &[("http_proxy", "")], &[("https_proxy", "x")], &[proxy, ("NO_PROXY", "a, 127.0.0.1")]]
        {
            assert_eq!(way(local, set), None, "{set:?}");
        }
        assert_eq!(way(local, &[proxy, ("no_proxy", "*")]), None);
        assert_eq!(
            way("https://s3.amazonaws.com", &[("https_proxy", "x")]),
            None,
            "the proxy may be the way there"
        );
    }
}
